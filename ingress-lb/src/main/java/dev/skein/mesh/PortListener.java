package dev.skein.mesh;

import io.netty.util.concurrent.Future;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One published port on this node: bound, or trying to be.
abstract sealed class PortListener permits TcpListener, UdpListener {
  private static final Logger log = LoggerFactory.getLogger(PortListener.class);
  private static final long WARN_NANOS_MIN = 1_000_000_000;
  private static final long BIND_RETRY_FIRST_NANOS = 200_000_000;

  final PortKey key;
  final MeshConfig config;
  final MeshLoop loop;
  final EndpointPool pool;
  final PortCounters counters = new PortCounters();

  private volatile String serviceId;
  private volatile long holdNanos;
  private volatile @Nullable String failure;
  private volatile boolean closed;
  private volatile boolean warned;
  private volatile long warnedNanos;

  // These belong to the loop's thread.
  private boolean bound;
  private boolean binding;
  private long retryNanos = BIND_RETRY_FIRST_NANOS;
  private @Nullable Future<?> retry;

  PortListener(PublishedPort port, MeshConfig config, MeshLoop loop) {
    this.key = port.key();
    this.serviceId = port.serviceId();
    this.config = config;
    this.holdNanos = holdNanos(port);
    this.loop = loop;
    var address = config.bindAddress().getAddress();
    this.pool =
        new EndpointPool(config.tcp().avoidMax().toNanos(), address[address.length - 1] & 0xff);
    this.failure = "port %s is not bound yet".formatted(key);
  }

  /// Binds on the loop's thread.
  abstract Future<Void> bind();

  /// Stops listening, on the loop's thread.
  abstract void unbind();

  /// Ends what waits for a replica, on the loop's thread.
  abstract void endHeld();

  final String serviceId() {
    return serviceId;
  }

  final void serve(PublishedPort port) {
    serviceId = port.serviceId();
    holdNanos = holdNanos(port);
  }

  private long holdNanos(PublishedPort port) {
    var own = port.holdTime();
    return (own == null ? config.tcp().holdTime() : own).toNanos();
  }

  /// How long a client may wait for a replica.
  final long holdNanos() {
    return holdNanos;
  }

  /// Why the port is not bound, or null when it is.
  final @Nullable String failure() {
    return failure;
  }

  final boolean isClosed() {
    return closed;
  }

  /// Tries to bind unless the port is bound; completes after the attempt, whatever came of it.
  final CompletableFuture<Void> ensureBound() {
    var done = new CompletableFuture<Void>();
    loop.execute(() -> attempt(done));
    return done;
  }

  /// Gives the port up; completes when it is free.
  final CompletableFuture<Void> close() {
    closed = true;
    var done = new CompletableFuture<Void>();
    loop.execute(
        () -> {
          cancelRetry();
          unbind();
          endHeld();
          bound = false;
          done.complete(null);
        });
    return done;
  }

  /// Warns about what the node lacks, once a second at most: it concerns every connection alike.
  final void warn(String what, Throwable cause) {
    long now = loop.nanoTime.getAsLong();
    if (warned && now - warnedNanos < WARN_NANOS_MIN) {
      return;
    }
    warned = true;
    warnedNanos = now;
    log.warn("port {}: {}: {}", key, what, cause.toString());
  }

  final void failed(String what, RuntimeException bug) {
    log.error("port {}: {}", key, what, bug);
  }

  private void attempt(CompletableFuture<Void> done) {
    if (closed || bound || binding) {
      done.complete(null);
      return;
    }
    cancelRetry();
    binding = true;
    var _ =
        bind()
            .addListener(
                (Future<Void> result) -> {
                  binding = false;
                  attempted(result.cause());
                  done.complete(null);
                });
  }

  private void attempted(@Nullable Throwable cause) {
    if (cause == null) {
      bound = true;
      failure = null;
      retryNanos = BIND_RETRY_FIRST_NANOS;
      if (closed) {
        unbind();
      }
      return;
    }
    failure =
        "port %s on %s cannot be bound: %s; stop what listens there or publish another port"
            .concat(" (it is tried again)")
            .formatted(key, config.bindAddress().getHostAddress(), cause.getMessage());
    if (!closed) {
      retry =
          loop.io.schedule(
              () -> attempt(new CompletableFuture<>()), retryNanos, TimeUnit.NANOSECONDS);
      retryNanos = Math.min(retryNanos * 2, config.bindRetryMax().toNanos());
    }
  }

  private void cancelRetry() {
    if (retry != null) {
      retry.cancel(false);
      retry = null;
    }
  }
}
