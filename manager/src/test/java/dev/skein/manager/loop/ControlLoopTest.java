package dev.skein.manager.loop;

import static dev.skein.manager.plan.World.aNode;
import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.Planner;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.ClusterStore;
import dev.skein.state.IdSource;
import dev.skein.state.InMemoryStore;
import dev.skein.state.StoreException;
import dev.skein.state.Watch;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ControlLoopTest {
  private final FailingStore store = new FailingStore();
  private final LinkedBlockingQueue<Throwable> bugs = new LinkedBlockingQueue<>();

  /// A store that fails as told, before or after it has committed.
  private static final class FailingStore implements ClusterStore {
    final InMemoryStore real = new InMemoryStore();
    final AtomicInteger lostAnswers = new AtomicInteger();
    final AtomicInteger conflicts = new AtomicInteger();
    volatile boolean leads = true;

    @Override
    public ClusterState state() {
      return real.state();
    }

    @Override
    public CompletableFuture<Long> propose(ChangeSet set) {
      if (!leads) {
        return CompletableFuture.failedFuture(new StoreException.NotLeaderException(null));
      }
      if (set.getChangesCount() > 0 && conflicts.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        return CompletableFuture.failedFuture(new StoreException.ConflictException("as told"));
      }
      var committed = real.propose(set);
      return set.getChangesCount() > 0 && lostAnswers.getAndUpdate(n -> Math.max(0, n - 1)) > 0
          ? CompletableFuture.failedFuture(new StoreException.UnavailableException("as told", null))
          : committed;
    }

    @Override
    public CompletableFuture<ClusterState> read() {
      return real.read();
    }

    @Override
    public Watch watch(Runnable available) {
      return real.watch(available);
    }
  }

  private ControlLoop loop() {
    var ids = new IdSource(new Random(1));
    return new ControlLoop(store, () -> Planners.create(ids), InstantSource.system(), bugs::add);
  }

  private void create(long replicas) {
    store.real.commit(
        ChangeSets.of(
            Instant.EPOCH,
            List.of(
                ChangeSets.create(aNode("a")),
                ChangeSets.create(
                    Service.newBuilder()
                        .setId("web")
                        .setSpec(replicated("web", replicas))
                        .setSpecVersion(1)
                        .build()))));
  }

  private void await(Predicate<ClusterState> condition) throws InterruptedException {
    try (var watch = store.real.watch()) {
      var state = watch.initial();
      while (!condition.test(state)) {
        state = watch.take().after();
      }
    }
  }

  private static Predicate<ClusterState> assigned(int count) {
    return state ->
        state.tasks().values().stream()
                .filter(task -> task.getStatus().getState() == TaskState.TASK_STATE_ASSIGNED)
                .count()
            == count;
  }

  @Test
  void itPlansForWhatIsThereWhenItBeginsAndForWhatIsCommittedLater() throws Exception {
    create(2);
    try (var loop = loop()) {
      loop.start();
      await(assigned(2));
      var scaled = Objects.requireNonNull(store.state().service("web")).toBuilder();
      scaled.getSpecBuilder().getModeBuilder().getReplicatedBuilder().setReplicas(5);
      store.real.commit(ChangeSets.of(Instant.EPOCH, List.of(ChangeSets.update(scaled.build()))));
      await(assigned(5));
    }
    assertThat(bugs).isEmpty();
  }

  @Test
  void itPlansAgainAfterAConflict() throws Exception {
    store.conflicts.set(3);
    create(2);
    try (var loop = loop()) {
      loop.start();
      await(assigned(2));
    }
    assertThat(store.conflicts).hasValue(0);
  }

  @Test
  void aLostAnswerMakesNoTaskTwice() throws Exception {
    store.lostAnswers.set(1);
    create(3);
    try (var loop = loop()) {
      loop.start();
      await(assigned(3));
      create2();
      await(assigned(4));
    }
    assertThat(store.state().taskCountOfService("web")).isEqualTo(3);
  }

  private void create2() {
    store.real.commit(
        ChangeSets.of(
            Instant.EPOCH,
            List.of(
                ChangeSets.create(
                    Service.newBuilder()
                        .setId("other")
                        .setSpec(replicated("other", 1))
                        .setSpecVersion(1)
                        .build()))));
  }

  @Test
  void aReplacementStartsWhenItsDelayIsOverThoughNothingIsCommitted() throws Exception {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder()
        .getRestartPolicyBuilder()
        .getDelayBuilder()
        .setNanos((int) Duration.ofMillis(50).toNanos());
    store.real.commit(
        ChangeSets.of(
            Instant.EPOCH,
            List.of(
                ChangeSets.create(aNode("a")),
                ChangeSets.create(
                    Service.newBuilder().setId("web").setSpec(spec).setSpecVersion(1).build()))));
    try (var loop = loop()) {
      loop.start();
      await(assigned(1));
      var task = store.state().tasks().values().iterator().next();
      store.real.commit(
          ChangeSets.of(
              Instant.EPOCH,
              List.of(
                  ChangeSets.status(
                      task,
                      task.getStatus().toBuilder()
                          .setState(TaskState.TASK_STATE_FAILED)
                          .build()))));
      await(
          state ->
              state.tasks().values().stream()
                  .anyMatch(
                      each ->
                          each.getRestarts() == 1
                              && each.getDesiredState() == TaskState.TASK_STATE_RUNNING));
    }
  }

  @Test
  void aLoopThatNoLongerLeadsEndsWithoutABug() throws Exception {
    store.leads = false;
    create(1);
    try (var loop = loop()) {
      loop.start();
      loop.awaitEnd();
    }
    assertThat(bugs).isEmpty();
    assertThat(store.state().tasks().isEmpty()).isTrue();
  }

  @Test
  void aPlannersBugIsNotSwallowed() throws Exception {
    Planner broken =
        (state, dirty, now) -> {
          throw new IllegalStateException("a bug");
        };
    create(1);
    try (var loop =
        new ControlLoop(store, () -> List.of(broken), InstantSource.system(), bugs::add)) {
      loop.start();
      assertThat(bugs.poll(20, TimeUnit.SECONDS)).hasMessage("a bug");
    }
  }
}
