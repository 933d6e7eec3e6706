package dev.skein.api.http;

import dev.skein.api.ApiLimits;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Bounds how long a connection may be silent between requests, and how long one request may take
/// to arrive, however steadily its bytes trickle. Stands before the decoder, which would hide
/// those bytes. Owned by the connection's event loop.
final class RequestDeadline extends ChannelInboundHandlerAdapter {
  /// Fired as a user event when the time is over, before a whole request came.
  enum Expired {
    IDLE,
    INCOMPLETE_REQUEST
  }

  private final ApiLimits limits;
  private boolean waiting = true;
  private boolean started;
  private @Nullable Future<?> timer;

  RequestDeadline(ApiLimits limits) {
    this.limits = limits;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    schedule(ctx, limits.idleTimeout(), Expired.IDLE);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object bytes) {
    if (waiting && !started) {
      start(ctx);
    }
    ctx.fireChannelRead(bytes);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    cancel();
    ctx.fireChannelInactive();
  }

  /// A whole request has come; nothing is expected of the client until it is answered.
  void requestReceived() {
    waiting = false;
    started = false;
    cancel();
  }

  /// The next request may come.
  ///
  /// @param ctx this handler's
  /// @param alreadyStarted whether some of it is here
  void awaitRequest(ChannelHandlerContext ctx, boolean alreadyStarted) {
    waiting = true;
    if (alreadyStarted) {
      start(ctx);
    } else {
      schedule(ctx, limits.idleTimeout(), Expired.IDLE);
    }
  }

  private void start(ChannelHandlerContext ctx) {
    started = true;
    schedule(ctx, limits.requestTimeout(), Expired.INCOMPLETE_REQUEST);
  }

  private void schedule(ChannelHandlerContext ctx, Duration delay, Expired event) {
    cancel();
    timer =
        ctx.executor()
            .schedule(
                () -> {
                  ctx.fireUserEventTriggered(event);
                },
                delay.toNanos(),
                TimeUnit.NANOSECONDS);
  }

  private void cancel() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
