package dev.skein.manager.reap;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.TaskState;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReapPlannerTest {
  private final World world = new World();

  private void failTimes(int failures) {
    for (var failure = 0; failure < failures; failure++) {
      world.fail(world.slot("web", 1)).passWorking(Duration.ofSeconds(5));
    }
  }

  @Test
  void aSlotKeepsAsManyTasksAsTheHistoryLimitSaysTheLatestOnes() {
    world.cluster(3).nodes("a").create(replicated("web", 1)).work();
    failTimes(2);
    var latest = world.slot("web", 1);
    failTimes(2);
    assertThat(world.tasks("web")).hasSize(3).anyMatch(task -> task.getId().equals(latest.getId()));
  }

  @Test
  void theDefaultLimitIsFive() {
    world.nodes("a").create(replicated("web", 1)).work();
    failTimes(9);
    assertThat(world.tasks("web")).hasSize(5);
  }

  @Test
  void aLimitOfZeroKeepsNothingButWhatRuns() {
    world.cluster(0).nodes("a").create(replicated("web", 1)).work();
    failTimes(3);
    assertThat(world.tasks("web")).hasSize(1);
  }

  @Test
  void aNegativeLimitKeepsEverything() {
    world.cluster(-1).nodes("a").create(replicated("web", 1)).work();
    failTimes(9);
    assertThat(world.tasks("web")).hasSize(10);
  }

  @Test
  void aTaskThatNoNodeEverHadIsForgottenWhenItIsNotWanted() {
    world.create(replicated("web", 2)).settle().scale("web", 1).settle();
    assertThat(world.tasks("web")).hasSize(1);
  }

  @Test
  void aTaskOfADownNodeIsOrphanedAfterADay() {
    world.nodes("a", "b").create(replicated("web", 1)).work();
    var lost = world.slot("web", 1);
    world.nodeState(lost.getNodeId(), NodeState.NODE_STATE_DOWN);
    world.passWorking(ReapPlanner.ORPHAN_AFTER.minusSeconds(1));
    assertThat(world.task(lost.getId()).getStatus().getState())
        .isEqualTo(TaskState.TASK_STATE_RUNNING);
    world.passWorking(Duration.ofSeconds(1));
    assertThat(world.task(lost.getId()).getStatus().getState())
        .isEqualTo(TaskState.TASK_STATE_ORPHANED);
  }

  @Test
  void aServiceIsRemovedThoughOneOfItsNodesIsDown() {
    world.nodes("a", "b").create(replicated("web", 2)).work();
    world.nodeState("a", NodeState.NODE_STATE_DOWN).removeService("web").work();
    assertThat(world.state().service("web")).isNull();
    assertThat(world.tasks("web")).isEmpty();
  }
}
