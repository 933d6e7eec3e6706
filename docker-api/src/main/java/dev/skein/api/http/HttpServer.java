package dev.skein.api.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skein.api.ApiConfig;
import dev.skein.api.ApiLimits;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Listens on a unix socket and, when asked, over TLS, on Netty's native epoll transport where it
/// exists. One event loop serves all connections; requests run on virtual threads.
///
/// `listen…` and `close` belong to one owner thread.
public final class HttpServer implements AutoCloseable {
  private static final String CONNECTIONS_FULL =
      """
      HTTP/1.1 503 Service Unavailable\r
      Content-Type: application/json\r
      Content-Length: 56\r
      Connection: close\r
      \r
      {"message":"too many connections: close some and retry"}\
      """;

  private static final long CLOSE_TIMEOUT_S = 5;

  private final ApiLimits limits;
  private final Router router;
  private final Map<String, String> headers;
  private final boolean epoll = Epoll.isAvailable();
  private final EventLoopGroup eventLoop =
      new MultiThreadIoEventLoopGroup(
          1,
          new DefaultThreadFactory("api-http", true),
          epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final List<Channel> listeners = new ArrayList<>();
  private final AtomicInteger connectionCount = new AtomicInteger();
  private final AtomicLong bodyBytes = new AtomicLong();
  private @Nullable SocketFile socketFile;

  /// @param headers sent with every answer
  public HttpServer(ApiLimits limits, Router router, Map<String, String> headers) {
    this.limits = limits;
    this.router = router;
    this.headers = Map.copyOf(headers);
  }

  /// Listens on a unix socket.
  ///
  /// @throws IOException when something answers there already, or the socket can't be made
  public void listenUnix(Path path) throws IOException {
    var file = new SocketFile(path);
    socketFile = file;
    var bound = file.bindPath();
    if (epoll) {
      bind(EpollServerDomainSocketChannel.class, new DomainSocketAddress(bound.toFile()), null);
    } else {
      bind(NioServerDomainSocketChannel.class, UnixDomainSocketAddress.of(bound), null);
    }
    file.publish();
  }

  /// TLS 1.3 with a required client certificate; returns the address that it listens on.
  ///
  /// @throws IOException when the files hold no usable certificates and key, or the port is taken
  public InetSocketAddress listenTls(ApiConfig.Tls tls) throws IOException {
    var context = sslContext(tls);
    Class<? extends ServerChannel> type =
        epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    return (InetSocketAddress) bind(type, tls.address(), context).localAddress();
  }

  private static SslContext sslContext(ApiConfig.Tls tls) throws IOException {
    try {
      return SslContextBuilder.forServer(tls.certificate().toFile(), tls.key().toFile())
          .sslProvider(SslProvider.JDK)
          .trustManager(tls.ca().toFile())
          .clientAuth(ClientAuth.REQUIRE)
          .protocols("TLSv1.3")
          .build();
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "no usable certificates for the API in "
              + tls.ca()
              + ", "
              + tls.certificate()
              + ", "
              + tls.key()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private Channel bind(
      Class<? extends ServerChannel> type, SocketAddress address, @Nullable SslContext tls)
      throws IOException {
    var binding =
        new ServerBootstrap()
            .group(eventLoop)
            .channel(type)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel connection) {
                    accept(connection, tls);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!binding.isSuccess()) {
      throw new IOException(
          "the API can't listen on " + address + ": " + binding.cause().getMessage(),
          binding.cause());
    }
    listeners.add(binding.channel());
    return binding.channel();
  }

  private void accept(Channel connection, @Nullable SslContext tls) {
    var count = connectionCount.incrementAndGet();
    connection.closeFuture().addListener(ignored -> connectionCount.decrementAndGet());
    if (count > limits.maxConnections()) {
      // Over TLS it is just closed: a handshake is what there is no room for.
      var notice = tls == null ? CONNECTIONS_FULL : "";
      connection
          .writeAndFlush(Unpooled.copiedBuffer(notice, UTF_8))
          .addListener(ChannelFutureListener.CLOSE);
      return;
    }
    connections.add(connection);
    var deadline = new RequestDeadline(limits);
    var pipeline = connection.pipeline();
    if (tls != null) {
      var handler = tls.newHandler(connection.alloc());
      handler.setHandshakeTimeout(limits.requestTimeout().toMillis(), TimeUnit.MILLISECONDS);
      pipeline.addLast(handler);
    }
    pipeline.addLast(
        deadline,
        new HttpServerCodec(
            new HttpDecoderConfig()
                .setMaxInitialLineLength(ApiLimits.MAX_REQUEST_LINE_BYTES)
                .setMaxHeaderSize(ApiLimits.MAX_HEADER_BYTES)),
        new HttpConnection(this, deadline));
  }

  Router router() {
    return router;
  }

  ApiLimits limits() {
    return limits;
  }

  Map<String, String> headers() {
    return headers;
  }

  /// Whether there is room for some more of a body.
  boolean reserveBody(int bytes) {
    if (bodyBytes.addAndGet(bytes) <= limits.maxBodiesBytes()) {
      return true;
    }
    bodyBytes.addAndGet(-bytes);
    return false;
  }

  void releaseBody(long bytes) {
    bodyBytes.addAndGet(-bytes);
  }

  /// Stops listening, closes the connections and removes the socket.
  @Override
  public void close() throws IOException {
    for (var listener : listeners) {
      listener.close().awaitUninterruptibly();
    }
    connections.close().awaitUninterruptibly();
    eventLoop
        .shutdownGracefully(0, CLOSE_TIMEOUT_S, TimeUnit.SECONDS)
        .awaitUninterruptibly(CLOSE_TIMEOUT_S, TimeUnit.SECONDS);
    if (socketFile != null) {
      socketFile.close();
    }
  }
}
