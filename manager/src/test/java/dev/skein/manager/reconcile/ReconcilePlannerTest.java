package dev.skein.manager.reconcile;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.GlobalMode;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Placement;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReconcilePlannerTest {
  private final World world = new World();

  private static ServiceSpec.Builder global(String name) {
    return replicated(name, 0)
        .setMode(ServiceMode.newBuilder().setGlobal(GlobalMode.getDefaultInstance()));
  }

  @Test
  void aReplicatedServiceGetsAsManyTasksAsItAsksForInOneRound() {
    world.nodes("a", "b").create(replicated("web", 3)).settle();
    assertThat(world.live("web"))
        .hasSize(3)
        .allMatch(task -> task.getStatus().getState() == TaskState.TASK_STATE_ASSIGNED)
        .extracting(Task::getSlot)
        .containsExactlyInAnyOrder(1, 2, 3);
  }

  @Test
  void scalingUpFillsTheLowestFreeSlots() {
    world.nodes("a").create(replicated("web", 4)).work();
    world.scale("web", 2).work().scale("web", 4).work();
    assertThat(world.running("web"))
        .extracting(Task::getSlot)
        .containsExactlyInAnyOrder(1, 2, 3, 4);
  }

  @Test
  void scalingDownTakesFromTheNodeWithMostCopies() {
    world.nodes("a").create(replicated("web", 3)).work().nodes("b").scale("web", 4).work();
    assertThat(world.on("web", "b").getSlot()).isEqualTo(4);
    world.scale("web", 2).work();
    assertThat(world.running("web"))
        .extracting(Task::getNodeId)
        .containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void scalingDownGivesUpWhatDoesNotRunBeforeWhatDoes() {
    world.nodes("a", "b").create(replicated("web", 2));
    world.workExcept(task -> task.getSlot() == 1);
    world.scale("web", 1).settle();
    assertThat(world.live("web")).extracting(Task::getSlot).containsExactly(2);
  }

  @Test
  void aServiceScaledToZeroEndsWithNoTasksAtAll() {
    world.nodes("a").create(replicated("web", 3)).work().scale("web", 0).work();
    assertThat(world.tasks("web")).isEmpty();
  }

  @Test
  void aSlotWantedAgainWaitsForItsLastTaskToStop() {
    world.nodes("a").create(replicated("web", 1)).work();
    var first = world.slot("web", 1);
    world.scale("web", 0).settle().scale("web", 1).settle();
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
    world.report(first, TaskState.TASK_STATE_SHUTDOWN, "").settle();
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }

  @Test
  void aGlobalServiceRunsOnEveryNodeAlsoOnThoseThatJoinLater() {
    world.nodes("a", "b").create(global("agent")).work().nodes("c").work();
    assertThat(world.running("agent"))
        .extracting(Task::getNodeId)
        .containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void aGlobalServiceLeavesADrainedNodeAndComesBack() {
    world.nodes("a", "b").create(global("agent")).work();
    world.availability("a", NodeAvailability.NODE_AVAILABILITY_DRAIN).work();
    assertThat(world.running("agent")).extracting(Task::getNodeId).containsExactly("b");
    world.availability("a", NodeAvailability.NODE_AVAILABILITY_ACTIVE).work();
    assertThat(world.running("agent")).hasSize(2);
  }

  @Test
  void aGlobalServiceKeepsItsTaskOnANodeThatIsDownForAWhile() {
    world.nodes("a").create(global("agent")).work();
    var task = world.on("agent", "a");
    world.nodeState("a", NodeState.NODE_STATE_DOWN).pass(Duration.ofMinutes(1));
    world.nodeState("a", NodeState.NODE_STATE_READY).work();
    assertThat(world.on("agent", "a").getId()).isEqualTo(task.getId());
  }

  @Test
  void aGlobalServiceRunsOnlyWhereItsConstraintsHold() {
    var spec = global("agent");
    spec.getTaskTemplateBuilder()
        .setPlacement(Placement.newBuilder().addConstraints("node.labels.disk==ssd"));
    world.nodes("a", "b").label("a", "disk", "ssd").create(spec).work();
    assertThat(world.tasks("agent")).extracting(Task::getNodeId).containsExactly("a");
    world.label("b", "disk", "ssd").label("a", "disk", "hdd").work();
    assertThat(world.running("agent")).extracting(Task::getNodeId).containsExactly("b");
  }

  @Test
  void aRemovedServiceStopsItsTasksAndThenGoes() {
    world.nodes("a").create(replicated("web", 2)).work().removeService("web").settle();
    assertThat(world.live("web")).isEmpty();
    assertThat(world.state().service("web")).isNotNull();
    world.work();
    assertThat(world.state().service("web")).isNull();
  }
}
