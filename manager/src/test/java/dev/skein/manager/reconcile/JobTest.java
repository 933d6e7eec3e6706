package dev.skein.manager.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.GlobalJob;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobTest {
  private final World world = new World();

  private static ServiceSpec.Builder job(long total, long concurrent) {
    var job = World.replicated("sum", 0);
    job.getModeBuilder()
        .getReplicatedJobBuilder()
        .setTotalCompletions(total)
        .setMaxConcurrent(concurrent);
    return job;
  }

  private static ServiceSpec.Builder globalJob() {
    return World.replicated("sum", 0)
        .setMode(ServiceMode.newBuilder().setGlobalJob(GlobalJob.getDefaultInstance()));
  }

  private List<Task> complete() {
    return world.tasks("sum").stream()
        .filter(task -> task.getStatus().getState() == TaskState.TASK_STATE_COMPLETE)
        .toList();
  }

  private void completeAll() {
    while (!world.work().running("sum").isEmpty()) {
      world.running("sum").forEach(world::complete);
    }
  }

  @Test
  void aJobRunsSoManyTasksAtATimeUntilAllHaveCompleted() {
    world.nodes("a", "b").create(job(5, 2)).work();
    assertThat(world.running("sum")).hasSize(2);
    world.complete(world.running("sum").getFirst()).work();
    assertThat(world.running("sum")).hasSize(2);
    completeAll();
    assertThat(complete()).extracting(Task::getSlot).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
    world.changeLeader().passWorking(Duration.ofDays(1));
    assertThat(world.tasks("sum")).hasSize(5);
  }

  @Test
  void aTaskThatFailsIsRunAgainInItsSlot() {
    world.nodes("a").create(job(2, 1)).work();
    world.fail(world.running("sum").getFirst()).passWorking(Duration.ofSeconds(5));
    assertThat(world.running("sum")).singleElement().matches(task -> task.getSlot() == 1);
    completeAll();
    assertThat(complete()).hasSize(2);
  }

  @Test
  void aTaskThatMayFailNoMoreLeavesItsJobIncompleteAndDoesNotHoldUpTheOthers() {
    var spec = job(3, 1);
    spec.getTaskTemplateBuilder().setRestartPolicy(RestartPolicy.newBuilder().setMaxAttempts(1));
    world.nodes("a").create(spec).work();
    world.fail(world.running("sum").getFirst()).passWorking(Duration.ofSeconds(5));
    world.fail(world.running("sum").getFirst());
    completeAll();
    assertThat(complete()).extracting(Task::getSlot).containsExactly(2, 3);
  }

  @Test
  void whatCompletedIsNotRunAgainWhenItsNodeIsLostAndWhatRanIs() {
    world.nodes("a", "b").create(job(2, 2)).work();
    world.complete(world.on("sum", "a")).settle();
    world.nodeState("a", NodeState.NODE_STATE_DOWN).work();
    assertThat(complete()).hasSize(1);
    assertThat(world.running("sum")).hasSize(1);
    world.nodes("c").nodeState("b", NodeState.NODE_STATE_DOWN).work();
    assertThat(world.running("sum")).singleElement().matches(task -> task.getNodeId().equals("c"));
  }

  @Test
  void aDrainMovesAJobsTasksAtOnceAndLeavesWhatCompleted() {
    world.nodes("a").create(job(4, 4)).work().nodes("b");
    world.complete(world.running("sum").getFirst()).settle();
    world.drain("a").work();
    assertThat(complete()).hasSize(1);
    assertThat(world.running("sum")).hasSize(3).allMatch(task -> task.getNodeId().equals("b"));
  }

  @Test
  void anotherIterationStopsTheOldOneAndBeginsAnew() {
    world.nodes("a").create(job(3, 3)).work();
    world.complete(world.running("sum").getFirst()).newArgs("sum", "again").work();
    assertThat(world.running("sum"))
        .hasSize(3)
        .allMatch(task -> task.getJobIteration().getIndex() == 1);
    completeAll();
    assertThat(complete().stream().filter(task -> task.getJobIteration().getIndex() == 1))
        .hasSize(3);
    assertThat(world.service("sum").hasUpdateStatus()).isFalse();
  }

  @Test
  void theHistoryLimitForgetsEarlierIterationsButNotTheCompletionsOfThisOne() {
    world.cluster(0).nodes("a").create(job(3, 3));
    completeAll();
    world.changeLeader().work();
    assertThat(complete()).hasSize(3);
    world.newArgs("sum", "again").work();
    assertThat(world.tasks("sum")).hasSize(3).allMatch(task -> task.getSpecVersion() == 2);
  }

  @Test
  void moreCompletionsGoOnWithTheSameIterationAndFewerStopWhatIsTooMuch() {
    world.nodes("a").create(job(2, 2));
    completeAll();
    total(4);
    assertThat(world.work().running("sum")).hasSize(2);
    total(3);
    assertThat(world.work().running("sum")).singleElement().matches(task -> task.getSlot() == 3);
    assertThat(complete()).hasSize(2);
  }

  private void total(long total) {
    world.update(
        "sum",
        spec -> {
          spec.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(total);
          return spec;
        });
  }

  @Test
  void aGlobalJobRunsOnceOnEachNodeAlsoOnOneThatJoinsLater() {
    world.nodes("a", "b").create(globalJob()).work();
    assertThat(world.running("sum"))
        .extracting(Task::getNodeId)
        .containsExactlyInAnyOrder("a", "b");
    completeAll();
    world.nodes("c").work();
    assertThat(world.running("sum")).singleElement().matches(task -> task.getNodeId().equals("c"));
    completeAll();
    assertThat(complete()).hasSize(3);
    world.newArgs("sum", "again").work();
    assertThat(world.running("sum")).hasSize(3);
  }

  @Test
  void aGlobalJobsTaskThatFailsIsRunAgainOnItsNode() {
    world.nodes("a", "b").create(globalJob()).work();
    world.fail(world.on("sum", "a")).passWorking(Duration.ofSeconds(5));
    assertThat(world.on("sum", "a").getStatus().getState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }
}
