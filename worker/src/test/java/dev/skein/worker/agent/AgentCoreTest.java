package dev.skein.worker.agent;

import static dev.skein.proto.v1.TaskState.TASK_STATE_ASSIGNED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_FAILED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_REJECTED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_SHUTDOWN;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.Assignments;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.MeshEndpoint;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.MeshUpdate;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.SessionAccepted;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatusAck;
import dev.skein.proto.v1.TaskStatusUpdate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class AgentCoreTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final AgentCore core = new AgentCore(List.of());
  private final List<AgentEffect> effects = new ArrayList<>();

  private void on(AgentEvent event) {
    effects.addAll(core.on(event, NOW));
  }

  private void manager(DispatcherMessage.Builder message) {
    on(new AgentEvent.FromManager(message.build()));
  }

  private void accepted(String session) {
    manager(
        DispatcherMessage.newBuilder()
            .setAccepted(
                SessionAccepted.newBuilder()
                    .setSessionId(session)
                    .setHeartbeatPeriod(Duration.newBuilder().setSeconds(1))));
  }

  private void assignments(Assignments.Type type, long from, AssignedTask... tasks) {
    manager(
        DispatcherMessage.newBuilder()
            .setAssignments(
                Assignments.newBuilder()
                    .setType(type)
                    .setAppliesTo(from)
                    .setResultsIn(from + 1)
                    .addAllUpdated(List.of(tasks))));
  }

  private static AssignedTask task(String id) {
    var task = TaskMachineTest.task(TASK_STATE_ASSIGNED, TASK_STATE_RUNNING);
    return task.toBuilder().setTask(task.getTask().toBuilder().setId(id)).build();
  }

  private void run(String id) {
    on(new AgentEvent.OfTask(id, new TaskEvent.Prepared()));
    on(new AgentEvent.OfTask(id, new TaskEvent.Started(1, List.of())));
  }

  private List<AgentMessage> sent() {
    return effects.stream()
        .filter(AgentEffect.Send.class::isInstance)
        .map(effect -> ((AgentEffect.Send) effect).message())
        .toList();
  }

  private List<TaskState> reported(String task) {
    return sent().stream()
        .flatMap(message -> message.getTaskStatuses().getUpdatesList().stream())
        .filter(update -> update.getTaskId().equals(task))
        .map(update -> update.getStatus().getState())
        .toList();
  }

  private TaskState stateOf(String id) {
    var task = core.tasks().get(id);
    if (task == null) {
      throw new AssertionError("no task " + id);
    }
    return task.state();
  }

  private void acknowledgeAll() {
    var last =
        sent().stream()
            .filter(AgentMessage::hasTaskStatuses)
            .mapToLong(message -> message.getTaskStatuses().getSequence())
            .max()
            .orElseThrow();
    manager(
        DispatcherMessage.newBuilder().setStatusAck(TaskStatusAck.newBuilder().setSequence(last)));
  }

  @Test
  void stepsBetweenTwoAcknowledgementsAreReportedAsTheLatest() {
    accepted("one");
    assignments(Assignments.Type.TYPE_COMPLETE, 0, task("t1"));
    effects.addAll(core.on(new AgentEvent.Tick(), NOW.plus(StatusReports.STEP_DELAY)));
    run("t1");
    acknowledgeAll();

    assertThat(reported("t1")).containsExactly(TaskState.TASK_STATE_PREPARING, TASK_STATE_RUNNING);
  }

  @Test
  void aStartThatTakesNoTimeIsReportedOnce() {
    accepted("one");
    assignments(Assignments.Type.TYPE_COMPLETE, 0, task("t1"));
    assertThat(core.wakeAt()).isEqualTo(NOW.plus(StatusReports.STEP_DELAY));
    run("t1");
    acknowledgeAll();

    assertThat(reported("t1")).containsExactly(TASK_STATE_RUNNING);
  }

  @Test
  void aTaskThatIsToBeReadyIsReportedReadyAtOnce() {
    accepted("one");
    var task = TaskMachineTest.task(TASK_STATE_ASSIGNED, TaskState.TASK_STATE_READY);
    assignments(Assignments.Type.TYPE_COMPLETE, 0, task);
    var id = task.getTask().getId();
    on(new AgentEvent.OfTask(id, new TaskEvent.Prepared()));

    assertThat(reported(id)).containsExactly(TaskState.TASK_STATE_READY);
  }

  @Test
  void whatIsNotInACompleteAssignmentIsStopped() {
    accepted("one");
    assignments(Assignments.Type.TYPE_COMPLETE, 0, task("t1"), task("t2"));
    run("t1");
    run("t2");
    on(new AgentEvent.Disconnected());
    accepted("two");

    assignments(Assignments.Type.TYPE_COMPLETE, 0, task("t1"));

    assertThat(effects)
        .anySatisfy(
            effect ->
                assertThat(effect)
                    .isInstanceOfSatisfying(
                        AgentEffect.Run.class,
                        run -> {
                          assertThat(run.task().id()).isEqualTo("t2");
                          assertThat(run.effect()).isEqualTo(TaskEffect.STOP);
                        }));
    assertThat(stateOf("t1")).isEqualTo(TASK_STATE_RUNNING);
  }

  @Test
  void aGapInTheSequenceEndsTheSession() {
    accepted("one");
    assignments(Assignments.Type.TYPE_COMPLETE, 0);

    assignments(Assignments.Type.TYPE_INCREMENTAL, 5, task("t1"));

    assertThat(effects).anyMatch(AgentEffect.EndSession.class::isInstance);
    assertThat(core.tasks()).isEmpty();
  }

  @Test
  void aNewPeriodInTheSameSessionDoesNotBeginTheSequenceAnew() {
    accepted("one");
    assignments(Assignments.Type.TYPE_COMPLETE, 0);
    accepted("one");

    assignments(Assignments.Type.TYPE_INCREMENTAL, 1, task("t1"));

    assertThat(core.tasks()).containsOnlyKeys("t1");
  }

  @Test
  void theHelloTellsEveryTask() {
    accepted("one");
    assignments(Assignments.Type.TYPE_COMPLETE, 0, task("t1"), task("t2"));
    run("t1");
    on(new AgentEvent.Disconnected());
    on(new AgentEvent.OfTask("t1", new TaskEvent.Exited(1, "task: non-zero exit (1)")));

    var hello = core.hello(NodeDescription.getDefaultInstance(), "10.0.0.1");

    assertThat(hello.getTasksList())
        .extracting(TaskStatusUpdate::getTaskId)
        .containsExactly("t1", "t2");
    assertThat(hello.getTasks(0).getStatus().getState()).isEqualTo(TASK_STATE_FAILED);
  }

  @Test
  void whatTheMeshLetGoOfIsToldOnceAndAgainToEachNewLeader() {
    var draining =
        DispatcherMessage.newBuilder()
            .setMesh(
                MeshUpdate.newBuilder()
                    .setComplete(true)
                    .addServices(
                        MeshService.newBuilder()
                            .setServiceId("s1")
                            .addEndpoints(
                                MeshEndpoint.newBuilder().setTaskId("t1").setDraining(true))));
    accepted("one");
    manager(draining.clone());
    on(new AgentEvent.MeshLetGo("t1"));
    on(new AgentEvent.MeshLetGo("t1"));
    assertThat(sent().stream().filter(AgentMessage::hasMeshDrained)).hasSize(1);

    on(new AgentEvent.Disconnected());
    accepted("two");
    manager(draining.clone());

    assertThat(sent().stream().filter(AgentMessage::hasMeshDrained)).hasSize(2);
  }

  @Test
  void anEndpointThatDoesNotDrainIsNotLetGoOf() {
    accepted("one");

    on(new AgentEvent.MeshLetGo("t1"));

    assertThat(sent()).isEmpty();
  }

  @Test
  void aNodeTakesNoMoreTasksThanItsLimit() {
    accepted("one");
    var tasks = new AssignedTask[AgentCore.TASKS_MAX + 1];
    for (var i = 0; i < tasks.length; i++) {
      tasks[i] = task("t%05d".formatted(i));
    }
    assignments(Assignments.Type.TYPE_COMPLETE, 0, tasks);

    assertThat(core.tasks()).hasSize(AgentCore.TASKS_MAX);
    assertThat(reported("t10000")).containsExactly(TASK_STATE_REJECTED);
  }

  @Test
  void aLeavingNodeStopsItsTasksAndRunsNoNewOnes() {
    accepted("one");
    assignments(Assignments.Type.TYPE_COMPLETE, 0, task("t1"));
    run("t1");

    var before = effects.size();
    on(new AgentEvent.StopAll());
    assertThat(effects.subList(before, effects.size()))
        .filteredOn(AgentEffect.Run.class::isInstance)
        .extracting(effect -> ((AgentEffect.Run) effect).effect())
        .as("without waiting for a manager's word")
        .containsExactly(TaskEffect.STOP);
    on(new AgentEvent.OfTask("t1", new TaskEvent.Exited(143, "")));
    assignments(Assignments.Type.TYPE_INCREMENTAL, 1, task("t2"));

    assertThat(stateOf("t1")).isEqualTo(TASK_STATE_SHUTDOWN);
    assertThat(stateOf("t2")).isEqualTo(TASK_STATE_SHUTDOWN);
    assertThat(core.isQuiet()).isFalse();
    acknowledgeAll();
    acknowledgeAll();
    assertThat(core.isQuiet()).isTrue();
  }

  @Test
  void aLeavingNodeThatTheManagersRefuseWaitsForNoAcknowledgement() {
    accepted("one");
    assignments(Assignments.Type.TYPE_COMPLETE, 0, task("t1"));
    run("t1");
    on(new AgentEvent.Disconnected());
    on(new AgentEvent.Refused());
    on(new AgentEvent.StopAll());
    assertThat(core.isQuiet()).as("its task runs").isFalse();
    on(new AgentEvent.OfTask("t1", new TaskEvent.Exited(143, "")));
    assertThat(core.isQuiet()).isTrue();

    accepted("two");
    assertThat(core.isQuiet()).as("they take it again, and its reports").isFalse();
  }

  @Test
  void aTaskThatOnlyTheRuntimeKnowsIsKeptUntilTheManagersSayWhatItIs() {
    var bare =
        AssignedTask.newBuilder().setTask(dev.skein.proto.v1.Task.newBuilder().setId("t1")).build();
    var known =
        WorkerTask.idle(
            bare,
            dev.skein.proto.v1.TaskStatus.newBuilder().setState(TaskState.TASK_STATE_READY).build(),
            TASK_STATE_RUNNING);
    effects.addAll(
        core.recover(List.of(known), Map.of("t1", new TaskEvent.Started(7, List.of())), NOW));
    assertThat(stateOf("t1")).isEqualTo(TASK_STATE_RUNNING);

    accepted("one");
    var running = task("t1");
    assignments(Assignments.Type.TYPE_COMPLETE, 0, running);

    assertThat(stateOf("t1")).isEqualTo(TASK_STATE_RUNNING);
    assertThat(core.tasks().values())
        .extracting(each -> each.spec())
        .containsExactly(running.getSpec());
    assertThat(effects).noneMatch(AgentEffect.Run.class::isInstance);
  }
}
