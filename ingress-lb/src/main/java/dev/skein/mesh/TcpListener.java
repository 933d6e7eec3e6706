package dev.skein.mesh;

import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A published TCP port: accepts on one event loop and hands connections to all of them in turn.
final class TcpListener extends PortListener {
  private static final int BACKLOG = 4_096;

  /// Accepts before the event loop does something else.
  private static final int ACCEPTS_PER_TURN = 64;

  /// How long to wait when accepting fails, which is when descriptors have run out.
  private static final long ACCEPT_RETRY_MILLIS = 100;

  private final List<MeshLoop> loops;
  private final Consumer<String> onWaiting;
  /// Those that have no replica, which would otherwise end them with the port.
  private final Set<TcpRelay> held = ConcurrentHashMap.newKeySet();

  private @Nullable StreamServer server;
  private int turn;
  private boolean waiting;

  /// @param onWaiting told the service when a first client waits and there is no replica at all
  TcpListener(
      PublishedPort port,
      MeshConfig config,
      MeshLoop acceptor,
      List<MeshLoop> loops,
      Consumer<String> onWaiting) {
    super(port, config, acceptor);
    this.loops = loops;
    this.onWaiting = onWaiting;
  }

  @Override
  Future<Void> bind() {
    try {
      var opened =
          loop.transport.listen(new InetSocketAddress(config.bindAddress(), key.port()), BACKLOG);
      server = opened;
      opened.register(loop, this::accept);
      return loop.io.newSucceededFuture(null);
    } catch (IOException | RuntimeException e) {
      unbind();
      return loop.io.newFailedFuture(e);
    }
  }

  @Override
  void unbind() {
    var open = server;
    if (open != null) {
      server = null;
      try {
        open.dispose();
      } catch (IOException e) {
        warn("closing the listening socket failed", e);
      }
    }
  }

  @Override
  void endHeld() {
    held.forEach(TcpRelay::refuseIfHeld);
  }

  /// Counts one more held client; false at the limit.
  boolean tryHold(TcpRelay relay) {
    var count = counters.held.incrementAndGet();
    if (count > config.tcp().heldPerPortMax()) {
      counters.held.decrementAndGet();
      return false;
    }
    held.add(relay);
    if (count == 1 && pool.isEmpty()) {
      onWaiting.accept(serviceId());
    }
    return true;
  }

  void endHold(TcpRelay relay) {
    held.remove(relay);
    counters.held.decrementAndGet();
  }

  private void accept() {
    for (int accepted = 0; accepted < ACCEPTS_PER_TURN; accepted++) {
      var open = server;
      if (open == null) {
        return;
      }
      StreamSocket socket;
      try {
        socket = open.accept();
      } catch (IOException e) {
        warn("accepting failed, trying again in " + ACCEPT_RETRY_MILLIS + " ms", e);
        acceptLater();
        return;
      }
      if (socket == null) {
        return;
      }
      accepted(socket);
    }
    // An edge-triggered socket will not announce the rest again.
    loop.execute(this::accept);
  }

  private void acceptLater() {
    if (!waiting) {
      waiting = true;
      var _ = loop.io.schedule(this::acceptAgain, ACCEPT_RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void acceptAgain() {
    waiting = false;
    accept();
  }

  private void accepted(StreamSocket socket) {
    if (counters.open.incrementAndGet() > config.tcp().connectionsPerPortMax()) {
      counters.open.decrementAndGet();
      counters.refused.increment();
      try {
        socket.resetOnClose();
      } catch (IOException e) {
        warn("resetting a connection over the limit failed", e);
      }
      loop.close(socket);
      return;
    }
    counters.total.increment();
    var target = loops.get(turn);
    turn = turn + 1 == loops.size() ? 0 : turn + 1;
    var relay = new TcpRelay(this, target, socket);
    if (target == loop) {
      relay.start();
    } else {
      target.execute(relay::start);
    }
  }
}
