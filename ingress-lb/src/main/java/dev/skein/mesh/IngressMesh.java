package dev.skein.mesh;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// One node's routing mesh: listens on every published port and carries each client to a ready
/// replica.
///
/// The mesh is told the whole wanted table with [#apply] and makes what runs equal to it: ports
/// that are new are opened, ports that are gone are closed with their connections, replicas that
/// are gone lose theirs, draining replicas keep theirs and get no new ones. The event loops start
/// with the first port and not before.
///
/// Thread-safe. [#apply] and [#close] block for as long as binding takes and must not be called
/// from an event loop, nor from the listener given to [#onDrained].
public final class IngressMesh implements AutoCloseable {
  /// Binding is local and immediate; this only bounds a wait for a stuck event loop.
  private static final long SETTLE_SECONDS_MAX = 5;

  private static final long SHUTDOWN_SECONDS_MAX = 2;

  private final MeshConfig config;
  private final LongSupplier nanoTime;
  private final Transport transport;

  // All guarded by this.
  private final Map<PortKey, PortListener> listeners = new HashMap<>();
  private final Map<String, TaskLoad> tasks = new HashMap<>();
  private @Nullable MultiThreadIoEventLoopGroup group;
  private List<MeshLoop> loops = List.of();
  private int turn;
  private boolean closed;

  private volatile Consumer<String> drained = task -> {};
  private volatile Consumer<String> waiting = service -> {};

  /// Makes a mesh that serves nothing yet and has started nothing.
  ///
  /// @param nanoTime a monotonic clock in nanoseconds, read from event loops
  public IngressMesh(MeshConfig config, LongSupplier nanoTime) {
    this.config = config;
    this.nanoTime = nanoTime;
    this.transport = Transport.choose(config.preferNative());
  }

  /// How this mesh talks to the kernel.
  public Transport transport() {
    return transport;
  }

  /// Sets who is told, with the task's id, each time a draining task has no open connection left on
  /// this node: at once when it has none, and once for each time it starts to drain. Called from an
  /// event loop or from within [#apply], so it must not block.
  public void onDrained(Consumer<String> listener) {
    drained = listener;
  }

  /// Sets who is told, with the service's id, each time a client begins to wait at a port that has
  /// no replica while no other client waits there. Called from an event loop, so it must not
  /// block.
  public void onWaiting(Consumer<String> listener) {
    waiting = listener;
  }

  /// Makes the mesh serve exactly this table and says which of its ports are bound. Ports that
  /// could not be bound are tried again by the next call and by a timer; the others are not
  /// affected.
  ///
  /// @throws IllegalStateException when the mesh is closed, or called from one of its event loops
  public synchronized MeshStatus apply(EndpointTable table) {
    if (closed) {
      throw new IllegalStateException("the mesh is closed; make a new one");
    }
    if (loops.stream().anyMatch(loop -> loop.io.inEventLoop())) {
      throw new IllegalStateException(
          "apply() was called from an event loop; call it from another thread");
    }
    closeAllBut(table);
    forgetTasksNotIn(table);
    for (var port : table.ports()) {
      var listener = listeners.computeIfAbsent(port.key(), key -> open(port));
      listener.serve(port);
      listener.pool.update(port.endpoints(), this::load);
    }
    // What lost its replica is over when this returns: evictions were queued before.
    settle(loops.stream().map(IngressMesh::oneTurn).toList());
    settle(
        listeners.values().stream()
            .filter(l -> l.failure() != null)
            .map(PortListener::ensureBound)
            .toList());
    // Only now does no port choose a draining task any more.
    markDraining(table);
    return status();
  }

  /// Which ports of the last table are bound now.
  public synchronized MeshStatus status() {
    var listening = new HashSet<PortKey>();
    var failed = new HashMap<PortKey, String>();
    for (var listener : listeners.values()) {
      var failure = listener.failure();
      if (failure == null) {
        listening.add(listener.key);
      } else {
        failed.put(listener.key, failure);
      }
    }
    return new MeshStatus(listening, failed);
  }

  /// The counters of every port of the last table.
  public synchronized MeshStats stats() {
    return new MeshStats(
        listeners.values().stream().map(l -> l.counters.snapshot(l.serviceId(), l.key)).toList());
  }

  /// Closes every port and resets every connection. Idempotent.
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    closeAllBut(EndpointTable.EMPTY);
    if (group != null) {
      settle(loops.stream().map(IngressMesh::release).toList());
      group.shutdownGracefully(0, SHUTDOWN_SECONDS_MAX, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  /// Whether the mesh has started its threads.
  synchronized boolean eventLoopsStarted() {
    return group != null;
  }

  /// How many byte buffers are allocated now; with no connection open, one for each event loop at
  /// most, and none once closed.
  synchronized long buffersInUse() {
    return loops.stream().mapToLong(MeshLoop::buffersInUse).sum();
  }

  private void closeAllBut(EndpointTable table) {
    var wanted = new HashSet<PortKey>();
    table.ports().forEach(port -> wanted.add(port.key()));
    var closing = new ArrayList<CompletableFuture<Void>>();
    for (var listener : List.copyOf(listeners.values())) {
      if (!wanted.contains(listener.key)) {
        listeners.remove(listener.key);
        closing.add(listener.close());
        listener.pool.update(List.of(), this::load);
      }
    }
    settle(closing);
  }

  private PortListener open(PublishedPort port) {
    if (loops.isEmpty()) {
      startLoops();
    }
    var loop = loops.get(turn++ % loops.size());
    return switch (port.protocol()) {
      case TCP -> new TcpListener(port, config, loop, loops, service -> waiting.accept(service));
      case UDP -> new UdpListener(port, config, loop);
    };
  }

  private void startLoops() {
    var started =
        new MultiThreadIoEventLoopGroup(
            config.eventLoopThreads(),
            new DefaultThreadFactory("skein-mesh", true),
            transport.ioHandlerFactory());
    var made = new ArrayList<MeshLoop>();
    for (int i = 0; i < config.eventLoopThreads(); i++) {
      made.add(
          new MeshLoop(
              started.next(), transport, nanoTime, config.tcp().connectTimeout().toNanos()));
    }
    group = started;
    loops = List.copyOf(made);
  }

  private TaskLoad load(String taskId) {
    return tasks.computeIfAbsent(taskId, id -> new TaskLoad(id, task -> drained.accept(task)));
  }

  private void forgetTasksNotIn(EndpointTable table) {
    var present = new HashSet<String>();
    table
        .ports()
        .forEach(port -> port.endpoints().forEach(endpoint -> present.add(endpoint.taskId())));
    tasks.keySet().retainAll(present);
  }

  private void markDraining(EndpointTable table) {
    var ready = new HashSet<String>();
    for (var port : table.ports()) {
      for (var endpoint : port.endpoints()) {
        if (endpoint.state() == Endpoint.State.READY) {
          ready.add(endpoint.taskId());
        }
      }
    }
    tasks.forEach((task, load) -> load.draining(!ready.contains(task)));
  }

  private static CompletableFuture<Void> oneTurn(MeshLoop loop) {
    var done = new CompletableFuture<Void>();
    loop.execute(() -> done.complete(null));
    return done;
  }

  private static CompletableFuture<Void> release(MeshLoop loop) {
    var done = new CompletableFuture<Void>();
    loop.execute(
        () -> {
          loop.release();
          done.complete(null);
        });
    return done;
  }

  private static void settle(List<CompletableFuture<Void>> steps) {
    CompletableFuture.allOf(steps.toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, SETTLE_SECONDS_MAX, TimeUnit.SECONDS)
        .join();
  }
}
