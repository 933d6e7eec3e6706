package dev.skein.manager.dispatch;

import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.state.ClusterStore;
import dev.skein.state.IdSource;
import dev.skein.state.StoreException;
import dev.skein.state.Watch;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// One leadership's dispatcher: the thread that owns the core, the sessions' streams and whatever
/// follows them.
///
/// Its queue is bounded by what may be in it: [#INBOUND_MAX] messages of each session, the core's
/// proposals under way, and one note that commits are to be read.
final class DispatchLoop implements AutoCloseable {

  /// Messages of one session that may wait here; its agent's further ones wait in the connection.
  static final int INBOUND_MAX = 16;

  private final InstantSource clock;
  private final ClusterStore store;
  private final DispatchListener listener;
  private final MeasurementListener measurements;
  private final Watch watch;
  private final DispatcherCore core;
  private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
  private final AtomicBoolean commitsNoted = new AtomicBoolean();
  private final Map<Long, AgentStream> streams = new HashMap<>();
  private final Thread thread;
  private volatile boolean closing;

  DispatchLoop(
      String nodeId,
      ClusterStore store,
      IdSource ids,
      InstantSource clock,
      DispatchListener listener,
      MeasurementListener measurements,
      boolean standstill) {
    this.clock = clock;
    this.store = store;
    this.listener = listener;
    this.measurements = measurements;
    watch = store.watch(this::noteCommits);
    core = new DispatcherCore(nodeId, ids, watch.initial(), standstill, clock.instant());
    thread = Thread.ofPlatform().name("dispatcher").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// Runs something on the loop's thread; dropped once the loop is closing.
  void execute(Runnable job) {
    if (!closing) {
      queue.add(job);
    }
  }

  /// Sends to a node's agent; false when it has no session. On the loop's thread only.
  boolean send(String nodeId, DispatcherMessage message) {
    var session = core.sessionOf(nodeId);
    if (session == null) {
      return false;
    }
    perform(List.of(new DispatchEffect.Send(session, message)));
    return true;
  }

  // ---- From the sessions; on any thread

  void opened(AgentStream stream, AgentMessage hello) {
    execute(
        () -> {
          if (closing) {
            stream.fail(Status.UNAVAILABLE.withDescription("not leading"), new Metadata());
            return;
          }
          streams.put(stream.key, stream);
          perform(core.opened(stream.key, stream.nodeId, hello.getHello(), clock.instant()));
          stream.request(1);
          if (streams.containsKey(stream.key)) {
            listener.sessionOpened(stream.nodeId);
          }
        });
  }

  void received(AgentStream stream, AgentMessage message) {
    execute(
        () -> {
          perform(core.received(stream.key, message, clock.instant()));
          stream.request(1);
        });
  }

  void writable(AgentStream stream) {
    execute(stream::flush);
  }

  void closed(AgentStream stream, boolean inOrder) {
    execute(
        () -> {
          if (inOrder) {
            stream.complete();
          } else {
            stream.abandon();
          }
          if (streams.remove(stream.key) != null) {
            perform(core.closed(stream.key, inOrder, clock.instant()));
            listener.sessionClosed(stream.nodeId);
          }
        });
  }

  // ---- The loop

  private void noteCommits() {
    if (commitsNoted.compareAndSet(false, true)) {
      execute(this::readCommits);
    }
  }

  private void readCommits() {
    commitsNoted.set(false);
    if (closing) {
      return;
    }
    for (var event = watch.poll(); event != null; event = watch.poll()) {
      perform(core.changed(event, clock.instant()));
      listener.changed(event);
    }
  }

  private void run() {
    var batch = new ArrayList<Runnable>();
    try {
      while (!closing) {
        var job = queue.poll(idleNanos(), TimeUnit.NANOSECONDS);
        if (job != null) {
          batch.add(job);
          // All of it: a heartbeat that has come counts before its node is judged.
          queue.drainTo(batch);
          batch.forEach(Runnable::run);
          batch.clear();
        }
        var now = clock.instant();
        if (isDue(core.wakeAt(), now)) {
          perform(core.tick(now));
        }
        if (isDue(listener.wakeAt(), now)) {
          listener.tick(now);
        }
      }
    } catch (InterruptedException e) {
      // Nobody interrupts this thread but to end it.
      Thread.currentThread().interrupt();
    } finally {
      closing = true;
      watch.close();
      // Sessions that were about to open are told to go elsewhere.
      for (var job = queue.poll(); job != null; job = queue.poll()) {
        job.run();
      }
    }
  }

  private static boolean isDue(@Nullable Instant at, Instant now) {
    return at != null && !now.isBefore(at);
  }

  private long idleNanos() {
    var a = core.wakeAt();
    var b = listener.wakeAt();
    var at = a == null || (b != null && b.isBefore(a)) ? b : a;
    if (at == null) {
      return TimeUnit.SECONDS.toNanos(1);
    }
    var wait = Duration.between(clock.instant(), at);
    return wait.compareTo(Duration.ofSeconds(1)) > 0
        ? TimeUnit.SECONDS.toNanos(1)
        : Math.max(0, wait.toNanos());
  }

  private void perform(List<DispatchEffect> effects) {
    for (var effect : effects) {
      switch (effect) {
        case DispatchEffect.Send(var session, var message) -> {
          var stream = streams.get(session);
          if (stream != null && !stream.send(message)) {
            end(
                stream,
                Status.RESOURCE_EXHAUSTED.withDescription(
                    "the agent does not read: %d messages wait for it"
                        .formatted(AgentStream.QUEUE_MAX)));
          }
        }
        case DispatchEffect.End(var session, var code, var reason) -> {
          var stream = streams.remove(session);
          if (stream != null) {
            stream.fail(code.toStatus().withDescription(reason), new Metadata());
            listener.sessionClosed(stream.nodeId);
          }
        }
        case DispatchEffect.Propose(var proposal, var set) -> propose(proposal, set);
        case DispatchEffect.Measured(var nodeId, var stats) ->
            measurements.measured(nodeId, stats, clock.instant());
        case DispatchEffect.Wanted(var serviceIds) -> measurements.wanted(serviceIds);
      }
    }
  }

  private void end(AgentStream stream, Status status) {
    streams.remove(stream.key);
    stream.fail(status, new Metadata());
    listener.sessionClosed(stream.nodeId);
    // Not from within the loop over the core's own effects.
    execute(() -> perform(core.closed(stream.key, false, clock.instant())));
  }

  private void propose(long proposal, ChangeSet set) {
    // The outcome comes back as a job of this loop; the last stage only adds it and cannot fail.
    var _ =
        store
            .propose(set)
            .handle(
                (index, failure) ->
                    failure == null ? new ProposalOutcome.Committed(index) : outcome(failure))
            .thenAccept(
                outcome ->
                    execute(() -> perform(core.proposed(proposal, outcome, clock.instant()))));
  }

  private static ProposalOutcome outcome(Throwable failure) {
    var cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof StoreException.ConflictException
        ? new ProposalOutcome.Conflicting(String.valueOf(cause.getMessage()))
        : new ProposalOutcome.Unavailable(String.valueOf(cause.getMessage()));
  }

  /// Ends every session, telling the agents where to go, and the thread.
  ///
  /// @param status what the agents are told
  void close(Status status, Metadata trailers) {
    execute(
        () -> {
          streams.values().forEach(stream -> stream.fail(status, trailers));
          streams.clear();
          listener.ended();
          closing = true;
        });
  }

  @Override
  public void close() {
    close(Status.UNAVAILABLE.withDescription("this manager stops"), new Metadata());
  }
}
