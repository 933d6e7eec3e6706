package dev.skein.api.http;

import static io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;
import static io.netty.handler.codec.http.HttpHeaderNames.TRANSFER_ENCODING;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One request being answered: runs on its own virtual thread, and hears from the connection's
/// event loop when the client can take more or is gone. A client that is gone cancels every gRPC
/// call that the request made, by the context they were made in.
final class Exchange implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  private final Channel channel;
  private final HttpServer server;
  private final String uri;
  private final HttpMethod method;
  private final HttpVersion version;
  private final ByteString body;
  private final boolean keepAlive;
  private final Context.CancellableContext context = Context.ROOT.withCancellation();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile boolean clientGone;

  Exchange(Channel channel, HttpServer server, HttpRequest head, ByteString body) {
    this.channel = channel;
    this.server = server;
    this.uri = head.uri();
    this.method = head.method();
    this.version = head.protocolVersion();
    this.keepAlive = HttpUtil.isKeepAlive(head);
    this.body = body;
  }

  /// Whether another request may follow on the connection.
  boolean keepAlive() {
    return keepAlive;
  }

  /// Event loop: the connection is closed.
  void clientGone() {
    clientGone = true;
    context.cancel(null);
    writabilityChanged();
  }

  /// Event loop: the channel may have become writable.
  void writabilityChanged() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void run() {
    var answered = false;
    try {
      send(answer(), Map.of());
      answered = true;
    } catch (RejectedExecutionException closing) {
      LOG.debug("the server ended before its answer", closing);
    } finally {
      context.cancel(null);
      if (!answered) {
        var _ = channel.close();
      }
    }
  }

  private Response answer() {
    try {
      return context.call(() -> server.router().route(method.name(), uri, body));
    } catch (Exception e) {
      return Failures.answer(e);
    }
  }

  private void send(Response response, Map<String, String> headers) {
    switch (response) {
      case Response.Indexed(var answer, var index) ->
          send(answer, Map.of(Response.INDEX_HEADER, Long.toString(index)));
      case Response.Json json ->
          sendWhole(json.status(), "application/json", json.body() + "\n", headers);
      case Response.Text text ->
          sendWhole(text.status(), "text/plain; charset=utf-8", text.body(), text.headers());
      case Response.Empty empty -> sendWhole(empty.status(), "", "", headers);
      case Response.Stream stream -> sendStream(stream);
    }
  }

  private void sendWhole(int status, String type, String text, Map<String, String> headers) {
    var bytes = text.getBytes(UTF_8);
    var isHead = method.equals(HttpMethod.HEAD);
    var response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(status),
            isHead ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(bytes));
    headers.forEach((name, value) -> response.headers().set(name, value));
    if (!type.isEmpty()) {
      response.headers().set(CONTENT_TYPE, type);
    }
    // A 204 has no length.
    if (status != HttpResponseStatus.NO_CONTENT.code()) {
      response.headers().set(CONTENT_LENGTH, bytes.length);
    }
    addCommonHeaders(response);
    var written = channel.writeAndFlush(response);
    closeUnlessTaken(written, server.limits().writeTimeout());
    written.addListener(ignored -> finished(written));
  }

  private void closeUnlessTaken(ChannelFuture written, Duration timeout) {
    var timer =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  var _ = channel.close();
                },
                timeout.toNanos(),
                TimeUnit.NANOSECONDS);
    written.addListener(ignored -> timer.cancel(false));
  }

  private void sendStream(Response.Stream stream) {
    var chunked = version.equals(HttpVersion.HTTP_1_1);
    var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers().set(CONTENT_TYPE, stream.contentType());
    if (chunked) {
      head.headers().set(TRANSFER_ENCODING, "chunked");
    }
    addCommonHeaders(head);
    var _ = channel.writeAndFlush(head);
    try {
      if (!method.equals(HttpMethod.HEAD)) {
        context.call(
            () -> {
              stream.body().writeTo(this::write);
              return null;
            });
      }
    } catch (Exception e) {
      if (!clientGone) {
        LOG.warn("the stream {} broke off: {}", uri, e.toString());
      }
      // Without the last chunk, so that the client sees that there should have been more.
      var _ = channel.close();
      return;
    }
    var written = channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    written.addListener(
        ignored -> {
          if (chunked) {
            finished(written);
          } else {
            var _ = channel.close();
          }
        });
  }

  private void write(byte[] bytes) throws IOException, InterruptedException {
    lock.lock();
    try {
      while (!clientGone && !channel.isWritable()) {
        changed.await();
      }
    } finally {
      lock.unlock();
    }
    if (clientGone) {
      throw new IOException("the client is gone");
    }
    var _ = channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes)));
  }

  private void addCommonHeaders(HttpResponse response) {
    server.headers().forEach((name, value) -> response.headers().set(name, value));
    if (!keepAlive) {
      response.headers().set(CONNECTION, "close");
    } else if (!version.equals(HttpVersion.HTTP_1_1)) {
      response.headers().set(CONNECTION, "keep-alive");
    }
  }

  private void finished(ChannelFuture written) {
    if (!keepAlive || !written.isSuccess()) {
      var _ = channel.close();
    } else {
      channel.pipeline().fireUserEventTriggered(HttpConnection.ANSWERED);
    }
  }
}
