package dev.skein.manager.autoscale;

import dev.skein.manager.LeaderDuty;
import dev.skein.manager.control.Mutations;
import dev.skein.manager.stats.ClusterStats;
import dev.skein.state.ClusterStore;
import io.grpc.StatusException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Scales services while this manager leads: a virtual thread that asks [AutoscaleCore] every
/// second, and at once when a client waits for a service without replicas. What it decides passes
/// the same admission as what users ask for.
public final class Autoscaler implements LeaderDuty {
  /// How often it looks. Nodes report about half as often.
  static final Duration PERIOD = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(Autoscaler.class);

  private final ClusterStore store;
  private final Mutations mutations;
  private final ClusterStats stats;
  private final InstantSource clock;
  private @Nullable Term term;

  /// @param clock must not jump
  public Autoscaler(
      ClusterStore store, Mutations mutations, ClusterStats stats, InstantSource clock) {
    this.store = store;
    this.mutations = mutations;
    this.stats = stats;
    this.clock = clock;
  }

  @Override
  public void begin() {
    var begun = new Term();
    term = begun;
    stats.onWanted(() -> LockSupport.unpark(begun.thread));
    begun.thread.start();
  }

  @Override
  public void end() {
    stats.onWanted(() -> {});
    var ended = term;
    term = null;
    if (ended != null) {
      ended.over = true;
      ended.thread.interrupt();
    }
  }

  private final class Term {
    private final AutoscaleCore core = new AutoscaleCore();
    private final Thread thread = Thread.ofVirtual().name("autoscaler").unstarted(this::run);
    private volatile boolean over;

    private void run() {
      try {
        while (!over) {
          LockSupport.parkNanos(PERIOD.toNanos());
          if (!over) {
            scale();
          }
        }
      } catch (InterruptedException ended) {
        // Nobody interrupts this thread but to end it.
        Thread.currentThread().interrupt();
      }
    }

    private void scale() throws InterruptedException {
      var decided = core.decide(store.state(), stats.fresh(), stats.takeWanted(), clock.instant());
      for (var mutation : decided) {
        try {
          mutations.commit(mutation);
          LOG.info("service {} {}", mutation.serviceId(), mutation.message());
        } catch (StatusException refused) {
          // It is decided anew on what then is.
          LOG.debug(
              "service {} was not {}: {}",
              mutation.serviceId(),
              mutation.message(),
              refused.getMessage());
        }
      }
    }
  }
}
