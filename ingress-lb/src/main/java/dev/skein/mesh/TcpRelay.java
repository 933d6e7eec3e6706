package dev.skein.mesh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One client connection: finds a replica that answers, then carries bytes both ways.
///
/// While there is no replica the client is simply not read: its early bytes stay in the kernel,
/// bounded by the socket's receive window, and cost the mesh nothing. Both sockets live on one
/// event loop, whose thread owns everything here but [#evict].
final class TcpRelay implements Session {
  /// Attempts before the client is held for a moment; bounds the work that one client can cause at
  /// once.
  private static final int TRIES_PER_ROUND_MAX = 16;

  /// The first and longest wait between two rounds of attempts.
  private static final long HOLD_FIRST_NANOS = 10_000_000;

  private static final long HOLD_NEXT_MAX_NANOS = 250_000_000;

  /// Reads of one side before other connections get their turn.
  private static final int READS_PER_TURN = 4;

  private enum State {
    CONNECTING,
    HELD,
    RELAYING,
    CLOSED
  }

  final MeshLoop loop;

  // The place in ConnectDeadlines while connecting.
  long deadlineNanos;
  @Nullable TcpRelay earlier;
  @Nullable TcpRelay later;

  private final TcpListener listener;
  private final RelaySide client;
  private @Nullable RelaySide server;
  private @Nullable Replica replica;
  private State state = State.HELD;
  private List<Replica> tried = List.of();
  private boolean held;
  private long heldSinceNanos;
  private long holdNanos = HOLD_FIRST_NANOS;

  TcpRelay(TcpListener listener, MeshLoop loop, StreamSocket socket) {
    this.listener = listener;
    this.loop = loop;
    this.client = new RelaySide(this, socket, listener.counters.bytesFromClients);
  }

  /// Begins on the relay's event loop.
  void start() {
    try {
      client.socket.register(loop, client);
    } catch (IOException e) {
      close(true);
      return;
    }
    connectRound();
  }

  @Override
  public void evict(Replica gone) {
    loop.execute(
        () -> {
          if (replica != gone) {
            return;
          }
          if (state == State.CONNECTING) {
            loop.deadlines.remove(this);
            dropAttempt();
            connectRound();
          } else {
            close(true);
          }
        });
  }

  void ready(RelaySide side, boolean writable, boolean broken) {
    switch (state) {
      case CONNECTING -> {
        if (side == server) {
          if (writable) {
            finishConnect(side);
          }
        } else if (broken) {
          close(true);
        }
      }
      case HELD -> {
        if (broken) {
          close(true);
        }
      }
      case RELAYING -> relayReady(side, other(side), writable);
      case CLOSED -> {
        // Events that were on their way.
      }
    }
  }

  void failed(RuntimeException bug) {
    listener.failed("a connection was reset because handling it failed", bug);
    close(true);
  }

  void connectTimedOut() {
    attemptFailed();
    connectRound();
  }

  private void connectRound() {
    while (tried.size() < TRIES_PER_ROUND_MAX && !listener.isClosed()) {
      var next = listener.pool.acquire(this, loop.nanoTime.getAsLong(), tried);
      if (next == null) {
        break;
      }
      replica = next;
      if (connect(next)) {
        return;
      }
    }
    hold();
  }

  /// Whether the round is over: an attempt is under way, has succeeded, or cannot be made now.
  private boolean connect(Replica target) {
    RelaySide side;
    try {
      side =
          new RelaySide(
              this,
              loop.transport.stream(target.address.getAddress()),
              listener.counters.bytesToClients);
    } catch (IOException | RuntimeException e) {
      // No descriptor is left, say. No replica is to blame, and none can be reached now.
      listener.warn("no socket for a connection to " + target, e);
      dropAttempt();
      hold();
      return true;
    }
    server = side;
    try {
      boolean connected = side.socket.connect(target.address);
      side.socket.interest(!connected, false, false);
      side.socket.register(loop, side);
      if (connected) {
        relay(target, side);
      } else {
        state = State.CONNECTING;
        loop.deadlines.add(this);
      }
      return true;
    } catch (IOException e) {
      attemptFailed();
      return false;
    }
  }

  private void finishConnect(RelaySide side) {
    try {
      if (!side.socket.finishConnect()) {
        return;
      }
    } catch (IOException e) {
      loop.deadlines.remove(this);
      attemptFailed();
      connectRound();
      return;
    }
    loop.deadlines.remove(this);
    var target = replica;
    if (target != null) {
      relay(target, side);
    }
  }

  private void attemptFailed() {
    var failed = replica;
    if (failed != null) {
      listener.counters.retries.increment();
      listener.pool.failed(failed, loop.nanoTime.getAsLong());
      tried = append(tried, failed);
    }
    dropAttempt();
  }

  private void dropAttempt() {
    var dropped = replica;
    if (dropped != null) {
      replica = null;
      listener.pool.release(dropped, this);
    }
    if (server != null) {
      server.close(true);
      server = null;
    }
    state = State.HELD;
  }

  private void hold() {
    state = State.HELD;
    long now = loop.nanoTime.getAsLong();
    if (!held) {
      if (!listener.tryHold(this)) {
        refuse();
        return;
      }
      held = true;
      heldSinceNanos = now;
    }
    long left = heldSinceNanos + listener.holdNanos() - now;
    if (left <= 0 || listener.isClosed()) {
      refuse();
      return;
    }
    var _ = loop.io.schedule(this::retry, Math.min(holdNanos, left), TimeUnit.NANOSECONDS);
    holdNanos = Math.min(holdNanos * 2, HOLD_NEXT_MAX_NANOS);
  }

  private void retry() {
    if (state == State.HELD) {
      tried = List.of();
      connectRound();
    }
  }

  /// The port is gone; called from any thread.
  void refuseIfHeld() {
    loop.execute(
        () -> {
          if (state == State.HELD) {
            refuse();
          }
        });
  }

  private void refuse() {
    listener.counters.refused.increment();
    close(true);
  }

  private void relay(Replica target, RelaySide side) {
    state = State.RELAYING;
    tried = List.of();
    listener.pool.succeeded(target);
    endHold();
    if (client.readable) {
      pump(client, side);
    }
    if (state == State.RELAYING && side.readable) {
      pump(side, client);
    }
    updateInterest();
  }

  private void relayReady(RelaySide side, @Nullable RelaySide peer, boolean writable) {
    if (peer == null) {
      return;
    }
    if (writable && side.pending != null) {
      flush(side, peer);
    }
    if (state == State.RELAYING && side.readable) {
      pump(side, peer);
    }
    updateInterest();
  }

  /// Writes what `to` did not take before, then goes on reading from the other side.
  private void flush(RelaySide to, RelaySide from) {
    try {
      if (!to.writePending()) {
        return;
      }
    } catch (IOException e) {
      lastWords(to, from);
      return;
    }
    if (from.ended) {
      finish(to, from);
    } else if (from.readable) {
      pump(from, to);
    }
  }

  private void pump(RelaySide from, RelaySide to) {
    if (from.resuming) {
      return;
    }
    for (int reads = 0; from.readable && to.pending == null; reads++) {
      if (reads == READS_PER_TURN) {
        // An edge-triggered socket will not be announced again.
        from.resuming = true;
        loop.execute(() -> resume(from, to));
        return;
      }
      var bytes = loop.scratch();
      int asked = from.readMax;
      int count;
      try {
        count = from.socket.read(bytes, asked);
      } catch (IOException e) {
        close(true);
        return;
      }
      if (count < 0) {
        from.readable = false;
        from.ended = true;
        finish(to, from);
        return;
      }
      // A short read has emptied the socket: what comes later comes with an event. Only an end that
      // was announced
      // together with these bytes would not.
      from.readable = count > 0 && (count == asked || from.hangup);
      if (count > 0) {
        from.bytesRead.add(count);
        try {
          to.write(bytes, from);
        } catch (IOException e) {
          lastWords(to, from);
          return;
        }
      }
    }
  }

  private void resume(RelaySide from, RelaySide to) {
    from.resuming = false;
    if (state == State.RELAYING) {
      pump(from, to);
      updateInterest();
    }
  }

  /// `to` takes no more bytes, but may have sent some before it went: an answer to a request that
  /// it did not want to read to the end.
  private void lastWords(RelaySide to, RelaySide from) {
    boolean spoken = false;
    try {
      if (from.pending == null && !to.ended) {
        var bytes = loop.scratch();
        if (to.socket.read(bytes, to.readMax) > 0) {
          to.bytesRead.add(bytes.readableBytes());
          from.socket.write(bytes);
          spoken = true;
        }
      }
    } catch (IOException e) {
      // There were none.
      close(true);
      return;
    }
    // A reset would overtake them.
    close(!spoken);
  }

  /// Passes the end of `from` on to `to`.
  private void finish(RelaySide to, RelaySide from) {
    if (to.pending != null || to.finished) {
      return;
    }
    to.finished = true;
    if (from.finished) {
      close(false);
      return;
    }
    try {
      to.socket.shutdownOutput();
    } catch (IOException e) {
      close(true);
    }
  }

  private void updateInterest() {
    var peer = server;
    if (state == State.RELAYING && peer != null) {
      client.socket.interest(false, !client.ended && peer.pending == null, client.pending != null);
      peer.socket.interest(false, !peer.ended && client.pending == null, peer.pending != null);
    }
  }

  private void close(boolean reset) {
    if (state == State.CLOSED) {
      return;
    }
    if (state == State.CONNECTING) {
      loop.deadlines.remove(this);
    }
    state = State.CLOSED;
    endHold();
    client.close(reset);
    if (server != null) {
      server.close(reset);
      server = null;
    }
    var released = replica;
    if (released != null) {
      replica = null;
      listener.pool.release(released, this);
    }
    listener.counters.open.decrementAndGet();
  }

  private void endHold() {
    if (held) {
      held = false;
      listener.endHold(this);
    }
  }

  private @Nullable RelaySide other(RelaySide side) {
    return side == client ? server : client;
  }

  private static List<Replica> append(List<Replica> list, Replica replica) {
    var longer = new ArrayList<>(list);
    longer.add(replica);
    return longer;
  }
}
