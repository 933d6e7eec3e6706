package dev.skein.manager.loop;

import static dev.skein.manager.plan.World.aNode;
import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.World;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.IdSource;
import dev.skein.state.InMemoryStore;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ControlCoreTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private static ClusterState stateWith(int nodes, long replicas) {
    var changes = new ArrayList<Change>();
    for (var node = 0; node < nodes; node++) {
      changes.add(ChangeSets.create(aNode("node-" + node)));
    }
    changes.add(
        ChangeSets.create(
            Service.newBuilder()
                .setId("web")
                .setSpec(replicated("web", replicas))
                .setSpecVersion(1)
                .build()));
    return new InMemoryStore().commit(ChangeSets.of(NOW, changes));
  }

  private static List<ChangeSet> plan(ClusterState state, long seed) {
    return new ControlCore(Planners.create(new IdSource(new Random(seed))), state).plan(NOW);
  }

  @Test
  void theSameStateAndSeedGiveTheSamePlan() {
    assertThat(plan(stateWith(3, 10), 4)).isNotEmpty().isEqualTo(plan(stateWith(3, 10), 4));
  }

  @Test
  void aLargePlanIsSplitIntoBoundedSets() {
    var sets = plan(stateWith(10, 5_000), 1);
    assertThat(sets)
        .hasSizeGreaterThan(2)
        .allMatch(set -> set.getChangesCount() <= ChangeMerge.CHANGES_PER_SET_MAX)
        .allMatch(set -> set.getSerializedSize() <= ChangeMerge.BYTES_PER_SET_MAX + 1_000);
    assertThat(sets.stream().mapToInt(ChangeSet::getChangesCount).sum()).isEqualTo(5_000);
  }

  @Test
  void aTaskAndItsReplacementAreNeverInDifferentSets() {
    var world = new World().nodes("a", "b").create(replicated("web", 4_000)).work();
    world.nodeState("a", NodeState.NODE_STATE_DOWN);
    var sets =
        new ControlCore(Planners.create(new IdSource(new Random(2))), world.state())
            .plan(world.now());
    assertThat(sets).hasSizeGreaterThan(1);
    for (var set : sets) {
      var stopped =
          set.getChangesList().stream()
              .filter(Change::hasTaskDesired)
              .map(change -> world.task(change.getTaskDesired().getTaskId()).getSlot());
      var created =
          set.getChangesList().stream()
              .filter(Change::hasCreate)
              .map(change -> change.getCreate().getTask().getSlot());
      assertThat(stopped).containsExactlyInAnyOrderElementsOf(created.toList());
    }
  }

  @Test
  void eachObjectIsChangedOncePerRoundHoweverManyPlannersTouchIt() {
    var sets = plan(stateWith(1, 1), 1);
    assertThat(sets).hasSize(1);
    assertThat(sets.getFirst().getChangesList())
        .singleElement()
        .satisfies(
            change -> {
              var task = change.getCreate().getTask();
              assertThat(task.getStatus().getState()).isEqualTo(TaskState.TASK_STATE_ASSIGNED);
              assertThat(task.getNodeId()).isEqualTo("node-0");
            });
  }

  @Test
  void aPlanThatDoesNotFitItsStateIsABug() {
    Planner wrong =
        (state, dirty, now) -> {
          var plan = Plan.builder();
          plan.update(Task.newBuilder().setId("none").build());
          return plan.build();
        };
    var core = new ControlCore(List.of(wrong), stateWith(1, 1));
    assertThatThrownBy(() -> core.plan(NOW))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("made an invalid plan: task none does not exist");
  }

  @Test
  void timeGoesOnFromAnEarlierLeadersClockThatWasAhead() {
    var ahead = NOW.plusSeconds(20);
    var store = new InMemoryStore(stateWith(1, 1));
    var first = new ControlCore(Planners.create(new IdSource(new Random(1))), store.state());
    first.plan(ahead).forEach(store::commit);
    var second = new ControlCore(Planners.create(new IdSource(new Random(2))), store.state());
    assertThat(second.time(NOW)).isEqualTo(ahead);
    assertThat(second.time(NOW.plusSeconds(1))).isEqualTo(ahead.plusSeconds(1));
  }

  @Test
  void aClockThatWasWrongByMoreThanAMinuteIsNotFollowed() {
    var store = new InMemoryStore(stateWith(1, 1));
    new ControlCore(Planners.create(new IdSource(new Random(1))), store.state())
        .plan(NOW.plus(Duration.ofHours(1)))
        .forEach(store::commit);
    var second = new ControlCore(Planners.create(new IdSource(new Random(2))), store.state());
    assertThat(second.time(NOW)).isEqualTo(NOW);
    assertThat(Times.instant(store.state().tasks().values().iterator().next().getCreatedAt()))
        .isAfter(NOW);
  }
}
