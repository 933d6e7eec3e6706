package dev.skein.api.http;

import static io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;
import static io.netty.handler.codec.http.HttpHeaderNames.EXPECT;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client's connection: puts requests together, has them answered one at a time and in order,
/// and keeps reading meanwhile, to learn when the client goes. A client that closes its sending
/// side is taken to be gone, as Go's server does. Owned by the connection's event loop.
final class HttpConnection extends ChannelInboundHandlerAdapter {
  /// Fired through the pipeline when a request's answer is written.
  static final Object ANSWERED = new Object();

  private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

  /// Decoded pieces of pipelined requests that may wait; then reading stops until they are used up.
  private static final int MAX_BACKLOG = 64;

  /// After a refusal the rest of the request is read and dropped for so long: closing at once would
  /// reset the connection before the client has read why.
  private static final long LINGER_MS = 1_000;

  private final HttpServer server;
  private final RequestDeadline deadline;
  private final Deque<HttpObject> backlog = new ArrayDeque<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private long reservedBytes;
  private @Nullable HttpRequest head;
  private @Nullable Exchange exchange;
  private boolean refused;

  HttpConnection(HttpServer server, RequestDeadline deadline) {
    this.server = server;
    this.deadline = deadline;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    var part = (HttpObject) message;
    if (exchange == null) {
      receive(ctx, part);
      return;
    }
    backlog.add(part);
    if (backlog.size() >= MAX_BACKLOG) {
      ctx.channel().config().setAutoRead(false);
    }
  }

  private void receive(ChannelHandlerContext ctx, HttpObject part) {
    try {
      if (refused) {
        if (part instanceof LastHttpContent) {
          var _ = ctx.close();
        }
        return;
      }
      if (part.decoderResult().isFailure()) {
        refuseMalformed(ctx, part.decoderResult().cause());
        return;
      }
      if (part instanceof HttpRequest request) {
        receiveHead(ctx, request);
      }
      if (part instanceof HttpContent content && !refused) {
        receiveContent(ctx, content);
      }
    } finally {
      ReferenceCountUtil.release(part);
    }
  }

  private void receiveHead(ChannelHandlerContext ctx, HttpRequest request) {
    head = request;
    if (HttpUtil.getContentLength(request, 0L) > server.limits().maxBodyBytes()) {
      refuseTooLarge(ctx);
    } else if (HttpUtil.is100ContinueExpected(request)) {
      var _ =
          ctx.writeAndFlush(
              new DefaultFullHttpResponse(
                  HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    } else if (request.headers().contains(EXPECT)) {
      refuse(
          ctx,
          HttpResponseStatus.EXPECTATION_FAILED,
          "unknown expectation: " + request.headers().get(EXPECT));
    }
  }

  private void receiveContent(ChannelHandlerContext ctx, HttpContent content) {
    var request = head;
    if (request == null) {
      return;
    }
    var bytes = content.content().readableBytes();
    if (body.size() + bytes > server.limits().maxBodyBytes()) {
      refuseTooLarge(ctx);
      return;
    }
    if (bytes > 0) {
      if (!server.reserveBody(bytes)) {
        refuse(
            ctx,
            HttpResponseStatus.SERVICE_UNAVAILABLE,
            "too many large requests at once: try again");
        return;
      }
      reservedBytes += bytes;
      var copy = new byte[bytes];
      content.content().readBytes(copy);
      body.writeBytes(copy);
    }
    if (content instanceof LastHttpContent) {
      answer(ctx, request);
    }
  }

  private void answer(ChannelHandlerContext ctx, HttpRequest request) {
    deadline.requestReceived();
    head = null;
    var answering =
        new Exchange(ctx.channel(), server, request, ByteString.copyFrom(body.toByteArray()));
    body.reset();
    exchange = answering;
    Thread.ofVirtual()
        .name("api-request")
        // It has closed its connection, and concerns no other.
        .uncaughtExceptionHandler((_, bug) -> LOG.error("a request failed unexpectedly", bug))
        .start(answering);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ANSWERED) {
      answered(ctx);
    } else if (event == RequestDeadline.Expired.IDLE) {
      var _ = ctx.close();
    } else if (event == RequestDeadline.Expired.INCOMPLETE_REQUEST) {
      refuse(
          ctx,
          HttpResponseStatus.REQUEST_TIMEOUT,
          "the request did not arrive within " + server.limits().requestTimeout());
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  private void answered(ChannelHandlerContext ctx) {
    exchange = null;
    releaseBody();
    for (var part = backlog.poll(); part != null; part = backlog.poll()) {
      receive(ctx, part);
      if (exchange != null) {
        return;
      }
    }
    deadline.awaitRequest(ctx.pipeline().context(deadline), head != null);
    ctx.channel().config().setAutoRead(true);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (exchange != null) {
      exchange.writabilityChanged();
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (exchange != null) {
      exchange.clientGone();
    }
    releaseBody();
    backlog.forEach(ReferenceCountUtil::release);
    backlog.clear();
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    switch (cause) {
      // A reset, or a TLS client that was refused: theirs, not ours.
      case IOException e -> LOG.debug("connection lost: {}", e.toString());
      case DecoderException e -> LOG.info("connection refused: {}", e.getMessage());
      default -> LOG.error("a connection failed unexpectedly", cause);
    }
    var _ = ctx.close();
  }

  private void releaseBody() {
    server.releaseBody(reservedBytes);
    reservedBytes = 0;
  }

  private void refuseMalformed(ChannelHandlerContext ctx, Throwable cause) {
    switch (cause) {
      case TooLongHttpLineException _ ->
          refuse(ctx, HttpResponseStatus.REQUEST_URI_TOO_LONG, "the request line is too long");
      case TooLongHttpHeaderException _ ->
          refuse(
              ctx,
              HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
              "the request's header is too large");
      default -> refuse(ctx, HttpResponseStatus.BAD_REQUEST, "malformed HTTP request");
    }
  }

  private void refuseTooLarge(ChannelHandlerContext ctx) {
    refuse(
        ctx,
        HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
        "the request's body is larger than " + server.limits().maxBodyBytes() + " bytes");
  }

  private void refuse(ChannelHandlerContext ctx, HttpResponseStatus status, String message) {
    refused = true;
    deadline.requestReceived();
    releaseBody();
    body.reset();
    var json = ((Response.Json) Response.error(status.code(), message)).body() + "\n";
    var response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(json.getBytes(UTF_8)));
    response.headers().set(CONTENT_TYPE, "application/json");
    response.headers().set(CONTENT_LENGTH, response.content().readableBytes());
    response.headers().set(CONNECTION, "close");
    server.headers().forEach((name, value) -> response.headers().set(name, value));
    ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    var _ =
        ctx.executor()
            .schedule(
                () -> {
                  var _ = ctx.close();
                },
                LINGER_MS,
                TimeUnit.MILLISECONDS);
  }
}
