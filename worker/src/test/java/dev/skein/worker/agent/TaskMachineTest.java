package dev.skein.worker.agent;

import static dev.skein.proto.v1.TaskState.TASK_STATE_ACCEPTED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_ASSIGNED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_COMPLETE;
import static dev.skein.proto.v1.TaskState.TASK_STATE_FAILED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_NEW;
import static dev.skein.proto.v1.TaskState.TASK_STATE_ORPHANED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_PENDING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_PREPARING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_READY;
import static dev.skein.proto.v1.TaskState.TASK_STATE_REJECTED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_REMOVE;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_SHUTDOWN;
import static dev.skein.proto.v1.TaskState.TASK_STATE_STARTING;
import static dev.skein.worker.agent.TaskEffect.PREPARE;
import static dev.skein.worker.agent.TaskEffect.REMOVE;
import static dev.skein.worker.agent.TaskEffect.START;
import static dev.skein.worker.agent.TaskEffect.STOP;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class TaskMachineTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final PortConfig INGRESS =
      PortConfig.newBuilder()
          .setTargetPort(80)
          .setPublishedPort(8080)
          .setPublishMode(PublishMode.PUBLISH_MODE_INGRESS)
          .build();

  /// Every pair of states, and whether an agent may move a task from the one to the other.
  private static final Map<TaskState, Set<TaskState>> MAY_MOVE =
      Map.ofEntries(
          Map.entry(TASK_STATE_NEW, beforeStart(TASK_STATE_ACCEPTED)),
          Map.entry(TASK_STATE_PENDING, beforeStart(TASK_STATE_ACCEPTED)),
          Map.entry(TASK_STATE_ASSIGNED, beforeStart(TASK_STATE_ACCEPTED)),
          Map.entry(TASK_STATE_ACCEPTED, beforeStart(TASK_STATE_PREPARING)),
          Map.entry(TASK_STATE_PREPARING, beforeStart(TASK_STATE_READY)),
          Map.entry(TASK_STATE_READY, beforeStart(TASK_STATE_STARTING)),
          Map.entry(
              TASK_STATE_STARTING,
              EnumSet.of(
                  TASK_STATE_RUNNING, TASK_STATE_COMPLETE, TASK_STATE_SHUTDOWN, TASK_STATE_FAILED)),
          Map.entry(
              TASK_STATE_RUNNING,
              EnumSet.of(TASK_STATE_COMPLETE, TASK_STATE_SHUTDOWN, TASK_STATE_FAILED)),
          Map.entry(TASK_STATE_COMPLETE, Set.of()),
          Map.entry(TASK_STATE_SHUTDOWN, Set.of()),
          Map.entry(TASK_STATE_FAILED, Set.of()),
          Map.entry(TASK_STATE_REJECTED, Set.of()),
          Map.entry(TASK_STATE_ORPHANED, Set.of()),
          Map.entry(TASK_STATE_REMOVE, Set.of()));

  /// From `first` on to RUNNING, and the ends of a task that was never started.
  private static Set<TaskState> beforeStart(TaskState first) {
    var reachable = EnumSet.of(TASK_STATE_SHUTDOWN, TASK_STATE_REJECTED);
    for (var state :
        List.of(
            TASK_STATE_ACCEPTED,
            TASK_STATE_PREPARING,
            TASK_STATE_READY,
            TASK_STATE_STARTING,
            TASK_STATE_RUNNING)) {
      if (state.getNumber() >= first.getNumber()) {
        reachable.add(state);
      }
    }
    return reachable;
  }

  @Test
  void everyMoveBetweenStatesIsAllowedOrRefusedAsTheTableSays() {
    for (var from : TaskState.values()) {
      for (var to : TaskState.values()) {
        if (from != TaskState.UNRECOGNIZED && to != TaskState.UNRECOGNIZED) {
          assertThat(TaskStates.mayMove(from, to))
              .as("%s to %s", from, to)
              .isEqualTo(MAY_MOVE.getOrDefault(from, Set.of()).contains(to));
        }
      }
    }
  }

  @Test
  void everyEventInEveryStateLeadsWhereTheTableSays() {
    var preparing = assigned(TASK_STATE_RUNNING);
    var preparingReady = assigned(TASK_STATE_READY);
    var ready = on(preparingReady, new TaskEvent.Prepared());
    var starting = on(preparing, new TaskEvent.Prepared());
    var running = on(starting, new TaskEvent.Started(7, List.of()));
    var stopping = on(running, desired(running, TASK_STATE_SHUTDOWN));
    var complete = on(running, new TaskEvent.Exited(0, ""));
    var failed = on(running, new TaskEvent.Exited(1, "task: non-zero exit (1)"));
    var rejected = on(preparing, new TaskEvent.PrepareFailed("no such command"));
    var shutdown = on(stopping, new TaskEvent.Exited(143, ""));
    var removing = on(failed, new TaskEvent.Unassigned());
    var states =
        Map.ofEntries(
            Map.entry("preparing", preparing),
            Map.entry("ready", ready),
            Map.entry("starting", starting),
            Map.entry("running", running),
            Map.entry("stopping", stopping),
            Map.entry("complete", complete),
            Map.entry("failed", failed),
            Map.entry("rejected", rejected),
            Map.entry("shutdown", shutdown),
            Map.entry("removing", removing));
    var expected =
        """
        preparing prepared -> STARTING START
        preparing prepareFailed -> REJECTED
        preparing wantedShutdown -> PREPARING
        preparing wantedRemove -> PREPARING
        preparing unassigned -> PREPARING
        ready wantedRunning -> STARTING START
        ready wantedShutdown -> SHUTDOWN
        ready wantedRemove -> SHUTDOWN REMOVE
        ready unassigned -> SHUTDOWN REMOVE
        starting started -> RUNNING
        starting startFailed -> FAILED
        starting exited0 -> COMPLETE
        starting exited1 -> FAILED
        running exited0 -> COMPLETE
        running exited1 -> FAILED
        running wantedShutdown -> RUNNING STOP
        running wantedRemove -> RUNNING STOP
        running unassigned -> RUNNING STOP
        stopping exited0 -> SHUTDOWN
        stopping exited1 -> SHUTDOWN
        stopping stopFailed -> RUNNING
        complete wantedRemove -> COMPLETE REMOVE
        complete unassigned -> COMPLETE REMOVE
        failed wantedRemove -> FAILED REMOVE
        failed unassigned -> FAILED REMOVE
        rejected wantedRemove -> REJECTED REMOVE
        rejected unassigned -> REJECTED REMOVE
        shutdown wantedRemove -> SHUTDOWN REMOVE
        shutdown unassigned -> SHUTDOWN REMOVE
        """
            .lines()
            .map(String::strip)
            .toList();
    var seen = new ArrayList<String>();
    states.forEach(
        (name, from) ->
            events(from)
                .forEach(
                    (eventName, event) -> {
                      var step = TaskMachine.on(from, event, NOW);
                      var line =
                          "%s %s -> %s%s"
                              .formatted(
                                  name,
                                  eventName,
                                  brief(step.task().state()),
                                  step.effects().isEmpty()
                                      ? ""
                                      : " "
                                          + String.join(
                                              " ",
                                              step.effects().stream().map(Enum::name).toList()));
                      var changesNothing =
                          step.task().state() == from.state()
                              && step.effects().isEmpty()
                              && !expected.contains(line);
                      if (!changesNothing) {
                        seen.add(line);
                      }
                    }));
    assertThat(seen).containsExactlyInAnyOrderElementsOf(expected);
  }

  private static Map<String, TaskEvent> events(WorkerTask task) {
    return Map.ofEntries(
        Map.entry("prepared", new TaskEvent.Prepared()),
        Map.entry("prepareFailed", new TaskEvent.PrepareFailed("no")),
        Map.entry("started", new TaskEvent.Started(7, List.of())),
        Map.entry("startFailed", new TaskEvent.StartFailed("no")),
        Map.entry("exited0", new TaskEvent.Exited(0, "")),
        Map.entry("exited1", new TaskEvent.Exited(1, "task: non-zero exit (1)")),
        Map.entry("stopFailed", new TaskEvent.StopFailed("stuck")),
        Map.entry("removed", new TaskEvent.Removed()),
        Map.entry("removeFailed", new TaskEvent.RemoveFailed("stuck")),
        Map.entry("drained", new TaskEvent.Drained()),
        Map.entry("tick", new TaskEvent.Tick()),
        Map.entry("unassigned", new TaskEvent.Unassigned()),
        Map.entry("wantedReady", desired(task, TASK_STATE_READY)),
        Map.entry("wantedRunning", desired(task, TASK_STATE_RUNNING)),
        Map.entry("wantedShutdown", desired(task, TASK_STATE_SHUTDOWN)),
        Map.entry("wantedRemove", desired(task, TASK_STATE_REMOVE)));
  }

  private static String brief(TaskState state) {
    return state.name().substring("TASK_STATE_".length());
  }

  @Test
  void aNewTaskIsAcceptedAndPreparedAtOnce() {
    var step = TaskMachine.assigned(task(TASK_STATE_ASSIGNED, TASK_STATE_RUNNING), NOW);

    assertThat(step.task().state()).isEqualTo(TASK_STATE_PREPARING);
    assertThat(step.effects()).containsExactly(PREPARE);
  }

  @Test
  void aTaskThatIsToBeReadyWaitsUntilItIsToRun() {
    var ready = on(assigned(TASK_STATE_READY), new TaskEvent.Prepared());
    assertThat(ready.state()).isEqualTo(TASK_STATE_READY);

    var step = TaskMachine.on(ready, desired(ready, TASK_STATE_RUNNING), NOW);

    assertThat(step.task().state()).isEqualTo(TASK_STATE_STARTING);
    assertThat(step.effects()).containsExactly(START);
  }

  @Test
  void aTaskThatWasStartedOnceIsNeverStartedAgain() {
    var step = TaskMachine.assigned(task(TASK_STATE_RUNNING, TASK_STATE_RUNNING), NOW);

    assertThat(step.task().state()).isEqualTo(TASK_STATE_FAILED);
    assertThat(step.task().status().getErr()).isEqualTo("the node no longer has the task");
    assertThat(step.effects()).isEmpty();
  }

  @Test
  void anUnknownTaskThatIsToStopIsReportedAsShutDown() {
    var step = TaskMachine.assigned(task(TASK_STATE_RUNNING, TASK_STATE_SHUTDOWN), NOW);

    assertThat(step.task().state()).isEqualTo(TASK_STATE_SHUTDOWN);
    assertThat(step.effects()).isEmpty();
  }

  @Test
  void aPublishedTaskIsSignalledOnlyAfterTheMeshesLetGo() {
    var running = published();
    var draining = TaskMachine.on(running, desired(running, TASK_STATE_SHUTDOWN), NOW);
    assertThat(draining.effects()).isEmpty();

    var step = TaskMachine.on(draining.task(), new TaskEvent.Drained(), NOW.plusSeconds(1));

    assertThat(step.effects()).containsExactly(STOP);
  }

  @Test
  void theWaitForTheMeshesEndsWithTheStopGracePeriod() {
    var running = published();
    var draining = on(running, desired(running, TASK_STATE_SHUTDOWN));
    assertThat(draining.due()).isEqualTo(NOW.plusSeconds(3));

    assertThat(TaskMachine.on(draining, new TaskEvent.Tick(), NOW.plusMillis(2_999)).effects())
        .isEmpty();
    assertThat(TaskMachine.on(draining, new TaskEvent.Tick(), NOW.plusSeconds(3)).effects())
        .containsExactly(STOP);
  }

  @Test
  void aTaskThatEndsWhileItIsDrainedIsShutDownWithItsExitCode() {
    var running = published();
    var draining = on(running, desired(running, TASK_STATE_SHUTDOWN));

    var ended = on(draining, new TaskEvent.Exited(9, "task: non-zero exit (9)"));

    assertThat(ended.state()).isEqualTo(TASK_STATE_SHUTDOWN);
    assertThat(ended.status().getContainerStatus().getExitCode()).isEqualTo(9);
  }

  @Test
  void aStopThatFailedIsTriedAgainAfterAPause() {
    var running =
        on(
            on(assigned(TASK_STATE_RUNNING), new TaskEvent.Prepared()),
            new TaskEvent.Started(7, List.of()));
    var stopping = on(running, desired(running, TASK_STATE_SHUTDOWN));

    var failed = TaskMachine.on(stopping, new TaskEvent.StopFailed("stuck in the kernel"), NOW);
    assertThat(failed.effects()).isEmpty();
    assertThat(failed.task().status().getErr()).isEqualTo("stuck in the kernel");

    var due = NOW.plus(TaskMachine.RETRY_DELAY);
    assertThat(TaskMachine.on(failed.task(), new TaskEvent.Tick(), due.minusNanos(1)).effects())
        .isEmpty();
    assertThat(TaskMachine.on(failed.task(), new TaskEvent.Tick(), due).effects())
        .containsExactly(STOP);
  }

  @Test
  void aRemovedTaskIsForgottenOnlyWhenNothingIsLeftOfIt() {
    var failed = on(assigned(TASK_STATE_RUNNING), new TaskEvent.PrepareFailed("no"));
    var removing = TaskMachine.on(failed, new TaskEvent.Unassigned(), NOW);
    assertThat(removing.effects()).containsExactly(REMOVE);
    assertThat(removing.task().isForgotten()).isFalse();

    assertThat(on(removing.task(), new TaskEvent.Removed()).isForgotten()).isTrue();
  }

  @Test
  void aTaskWithoutASpecIsRejected() {
    var bare =
        AssignedTask.newBuilder()
            .setTask(task(TASK_STATE_ASSIGNED, TASK_STATE_RUNNING).getTask())
            .build();

    assertThat(TaskMachine.assigned(bare, NOW).task().state()).isEqualTo(TASK_STATE_REJECTED);
  }

  @Test
  void anAdoptedTaskGoesOnRunning() {
    var started = new TaskEvent.Started(7, List.of(INGRESS));
    var noted = on(assigned(TASK_STATE_RUNNING), new TaskEvent.Prepared());

    var adopted = TaskMachine.recovered(noted, started, NOW);

    assertThat(adopted.task().state()).isEqualTo(TASK_STATE_RUNNING);
    assertThat(adopted.task().status().getPortsList()).containsExactly(INGRESS);
    assertThat(adopted.effects()).isEmpty();
  }

  @Test
  void aTaskThatRanAndIsGoneAfterARestartHasFailed() {
    var lost = TaskMachine.recovered(published(), null, NOW);

    assertThat(lost.task().state()).isEqualTo(TASK_STATE_FAILED);
  }

  @Test
  void aTaskThatWasOnlyPreparedIsPreparedAgainAfterARestart() {
    var ready = on(assigned(TASK_STATE_READY), new TaskEvent.Prepared());

    assertThat(TaskMachine.recovered(ready, null, NOW).effects()).containsExactly(PREPARE);
  }

  private static WorkerTask published() {
    var step =
        TaskMachine.assigned(
            task(TASK_STATE_ASSIGNED, TASK_STATE_RUNNING).toBuilder().addPorts(INGRESS).build(),
            NOW);
    return on(
        on(step.task(), new TaskEvent.Prepared()), new TaskEvent.Started(7, List.of(INGRESS)));
  }

  private static WorkerTask assigned(TaskState desired) {
    return TaskMachine.assigned(task(TASK_STATE_ASSIGNED, desired), NOW).task();
  }

  private static WorkerTask on(WorkerTask task, TaskEvent event) {
    return TaskMachine.on(task, event, NOW).task();
  }

  private static TaskEvent desired(WorkerTask task, TaskState desired) {
    return new TaskEvent.Assigned(
        AssignedTask.newBuilder()
            .setTask(task.assignment().getTask().toBuilder().setDesiredState(desired))
            .build());
  }

  static AssignedTask task(TaskState observed, TaskState desired) {
    return AssignedTask.newBuilder()
        .setTask(
            Task.newBuilder()
                .setId("t1")
                .setServiceId("s1")
                .setNodeId("n1")
                .setSlot(1)
                .setStatus(TaskStatus.newBuilder().setState(observed))
                .setDesiredState(desired))
        .setSpec(
            TaskSpec.newBuilder()
                .setRuntime("process")
                .setContainerSpec(
                    ContainerSpec.newBuilder()
                        .addCommand("sleep")
                        .setStopGracePeriod(Duration.newBuilder().setSeconds(3))))
        .setServiceName("web")
        .build();
  }
}
