package dev.skein.worker.agent;

import static dev.skein.proto.v1.TaskState.TASK_STATE_COMPLETE;
import static dev.skein.proto.v1.TaskState.TASK_STATE_FAILED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_REJECTED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_REMOVE;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_SHUTDOWN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.AgentHello;
import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.DispatcherGrpc;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.TaskStatusUpdate;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class SessionTest {

  private static final AgentHello HELLO = AgentHello.newBuilder().setAddr("127.0.0.1").build();

  private final Lab lab = new Lab();

  @BeforeEach
  void oneManagerLeads() throws Exception {
    lab.manager("m1");
    lab.lead("m1");
  }

  @AfterEach
  void close() {
    lab.close();
  }

  private static SimulatedRuntime runtimeOf(Lab.Worker worker) {
    return (SimulatedRuntime) worker.runtime;
  }

  @Test
  void anAgentThatConnectsMakesItsNodeReady() throws Exception {
    lab.worker("w1", "m1");

    lab.awaitNode("w1", NodeState.NODE_STATE_READY);
    var node = lab.nodeOf("w1");
    assertThat(node.getDescription().getHostname()).isEqualTo("w1");
    assertThat(node.getStatus().getAddr()).isEqualTo("127.0.0.1");
  }

  @Test
  void anAssignedTaskRunsAndIsReportedAsRunning() throws Exception {
    var worker = lab.worker("w1", "m1");
    lab.service("s1", List.of("sleep", "60"));

    lab.task("t1", "s1", "w1");

    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    assertThat(runtimeOf(worker).specOf("t1").command()).containsExactly("sleep", "60");
    assertThat(runtimeOf(worker).specOf("t1").env())
        .containsEntry("SKEIN_TASK_ID", "t1")
        .containsEntry("SKEIN_SERVICE_NAME", "s1-name")
        .containsEntry("SKEIN_TASK_NAME", "s1-name.1.t1")
        .containsEntry("PORT", "20001");
  }

  @Test
  void aTaskThatEndsIsReportedWithHowItEnded() throws Exception {
    var worker = lab.worker("w1", "m1");
    lab.service("s1", List.of("sleep", "60"));
    lab.task("t1", "s1", "w1");
    lab.task("t2", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    lab.awaitObserved("t2", TASK_STATE_RUNNING);

    runtimeOf(worker).end("t1", 0);
    runtimeOf(worker).end("t2", 3);

    lab.awaitObserved("t1", TASK_STATE_COMPLETE);
    lab.awaitObserved("t2", TASK_STATE_FAILED);
    var failed = lab.taskOf("t2");
    assertThat(failed.getStatus().getErr()).isEqualTo("task: non-zero exit (3)");
    assertThat(failed.getStatus().getContainerStatus().getExitCode()).isEqualTo(3);
  }

  @Test
  void aTaskThatCannotRunHereIsRejectedWithTheReason() throws Exception {
    lab.worker("w1", "m1");
    lab.service("s1", List.of(SimulatedRuntime.MISSING_COMMAND));

    lab.task("t1", "s1", "w1");

    lab.awaitObserved("t1", TASK_STATE_REJECTED);
    var task = lab.taskOf("t1");
    assertThat(task.getStatus().getErr()).isEqualTo("command \"/no/such/command\" not found");
  }

  @Test
  void aTaskThatIsToBeRemovedIsStoppedAndThenForgotten() throws Exception {
    var worker = lab.worker("w1", "m1");
    lab.service("s1", List.of("sleep", "60"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);

    lab.desire("t1", TASK_STATE_REMOVE);
    lab.awaitObserved("t1", TASK_STATE_SHUTDOWN);
    lab.remove(ObjectKind.OBJECT_KIND_TASK, "t1");

    lab.await("t1 is forgotten", () -> worker.stateOf("t1") == null);
    assertThat(runtimeOf(worker).started()).isEmpty();
  }

  @Test
  void aPublishedTaskIsSignalledOnlyAfterEveryMeshLetGo() throws Exception {
    var first = lab.worker("w1", "m1");
    var second = lab.worker("w2", "m1");
    lab.service("s1", List.of("sleep", "60"), Lab.ingress(8080, 80));
    lab.task("t1", "s1", "w1");
    for (var worker : List.of(first, second)) {
      lab.await(
          "the mesh of " + worker.id + " has the replica",
          () -> !worker.mesh.isEmpty() && worker.mesh.getFirst().getEndpointsCount() == 1);
    }

    lab.desire("t1", TASK_STATE_SHUTDOWN);
    for (var worker : List.of(first, second)) {
      lab.await(
          "the mesh of " + worker.id + " drains the replica",
          () -> worker.mesh.getFirst().getEndpoints(0).getDraining());
    }
    first.agent.meshLetGo("t1");
    // A change that goes the same way as the word to stop would, so that it had the time to come.
    lab.task("t2", "s1", "w1");
    lab.awaitObserved("t2", TASK_STATE_RUNNING);
    assertThat(runtimeOf(first).signalled()).isEmpty();

    second.agent.meshLetGo("t1");

    lab.awaitObserved("t1", TASK_STATE_SHUTDOWN);
    assertThat(runtimeOf(first).signalled()).containsExactly("t1");
  }

  @Test
  void aDeadReplicaLeavesTheMeshOfItsOwnNodeAtOnce() throws Exception {
    var worker = lab.worker("w1", "m1");
    lab.service("s1", List.of("sleep", "60"), Lab.ingress(8080, 80));
    lab.task("t1", "s1", "w1");
    lab.await(
        "the mesh has the replica",
        () -> !worker.mesh.isEmpty() && worker.mesh.getFirst().getEndpointsCount() == 1);
    lab.leaderless();
    lab.await("the session is over", () -> !worker.agent.isConnected());

    runtimeOf(worker).end("t1", 1);

    lab.await("the mesh lets go", () -> worker.mesh.getFirst().getEndpointsCount() == 0);
  }

  @Test
  void anAgentFindsTheNewLeaderByTheOldOnesWord() throws Exception {
    lab.manager("m2");
    var worker = lab.worker("w1", "m1", "m2");
    lab.awaitNode("w1", NodeState.NODE_STATE_READY);
    lab.await("it is connected", worker.agent::isConnected);

    var moved = Instant.now();
    lab.lead("m2");

    lab.service("s1", List.of("sleep", "60"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    assertThat(Duration.between(moved, Instant.now())).isLessThan(Duration.ofSeconds(2));
  }

  @Test
  void whatHappensWithoutALeaderIsReportedToTheNextOne() throws Exception {
    lab.manager("m2");
    var worker = lab.worker("w1", "m1", "m2");
    lab.service("s1", List.of("sleep", "60"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    lab.leaderless();
    lab.await("the session is over", () -> !worker.agent.isConnected());

    runtimeOf(worker).end("t1", 5);
    lab.await("it ended", () -> worker.stateOf("t1") == TASK_STATE_FAILED);
    assertThat(lab.observed("t1")).isEqualTo(TASK_STATE_RUNNING);
    lab.lead("m2");

    lab.awaitObserved("t1", TASK_STATE_FAILED);
  }

  @Test
  void aNodeWhoseProcessDiesIsDownWithinThreeHeartbeatsAndReadyWhenItReturns() throws Exception {
    var worker = lab.worker("w1", "m1");
    lab.awaitNode("w1", NodeState.NODE_STATE_READY);

    // A killed process: its connections are reset and nobody says goodbye.
    var died = Instant.now();
    worker.kill();
    lab.awaitNode("w1", NodeState.NODE_STATE_DOWN);
    // Three periods of 200 ms, and what a busy machine adds.
    assertThat(Duration.between(died, Instant.now())).isLessThan(Duration.ofSeconds(2));

    lab.worker("w1", "m1");
    lab.awaitNode("w1", NodeState.NODE_STATE_READY);
  }

  @Test
  void aSecondSessionOfANodeEndsTheFirst() throws Exception {
    lab.node("w1", dev.skein.proto.v1.NodeRole.NODE_ROLE_WORKER);
    var first = open("w1", HELLO);
    lab.await("the first is open", () -> !first.messages.isEmpty());

    open("w1", HELLO);

    assertThat(first.ended.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.ABORTED);
  }

  @Test
  void theSessionOfARemovedNodeIsRefused() throws Exception {
    var worker = lab.worker("w1", "m1");
    lab.await("it is connected", worker.agent::isConnected);

    lab.remove(ObjectKind.OBJECT_KIND_NODE, "w1");

    lab.await("it is told", () -> !worker.refusals.isEmpty());
    assertThat(worker.refusals.getFirst().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(worker.refusals.getFirst().getDescription()).contains("w1");
  }

  @Test
  void aStatusOfAnotherNodesTaskIsRefused() throws Exception {
    lab.node("w1", dev.skein.proto.v1.NodeRole.NODE_ROLE_WORKER);
    lab.node("w2", dev.skein.proto.v1.NodeRole.NODE_ROLE_WORKER);
    lab.service("s1", List.of("sleep"));
    lab.task("t1", "s1", "w1");

    var liar =
        open(
            "w2",
            HELLO.toBuilder()
                .addTasks(
                    TaskStatusUpdate.newBuilder()
                        .setTaskId("t1")
                        .setStatus(TaskStatus.newBuilder().setState(TASK_STATE_FAILED)))
                .build());

    var status = liar.ended.get(10, TimeUnit.SECONDS);
    assertThat(status.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(status.getDescription()).isEqualTo("task t1 is not one of node w2");
    assertThat(lab.observed("t1")).isNotEqualTo(TASK_STATE_FAILED);
  }

  @Test
  void aCallerWithoutACertificateGetsNoSession() throws Exception {
    var anonymous = open("", HELLO);

    assertThat(anonymous.ended.get(10, TimeUnit.SECONDS).getCode())
        .isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  @Test
  void aSessionThatDoesNotBeginWithAHelloIsRefused() throws Exception {
    lab.node("w1", dev.skein.proto.v1.NodeRole.NODE_ROLE_WORKER);
    var session = new Collected();
    DispatcherGrpc.newStub(lab.channel("m1", "w1"))
        .session(session)
        .onNext(
            AgentMessage.newBuilder()
                .setHeartbeat(dev.skein.proto.v1.Heartbeat.newBuilder())
                .build());

    assertThat(session.ended.get(10, TimeUnit.SECONDS).getCode())
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
  }

  @Test
  void leavingStopsEveryTaskAndTellsTheManagers() throws Exception {
    var worker = lab.worker("w1", "m1");
    lab.service("s1", List.of("sleep", "60"));
    for (var i = 0; i < 5; i++) {
      lab.task("t" + i, "s1", "w1");
    }
    lab.awaitObserved("t4", TASK_STATE_RUNNING);

    worker.agent.stopAllTasks().get(10, TimeUnit.SECONDS);

    for (var i = 0; i < 5; i++) {
      assertThat(lab.observed("t" + i)).isEqualTo(TASK_STATE_SHUTDOWN);
    }
  }

  @Test
  void aThousandTasksOnTwentyNodesAllRun() throws Exception {
    var workers = new ArrayList<Lab.Worker>();
    for (var i = 0; i < 20; i++) {
      workers.add(lab.worker("w" + i, "m1"));
    }
    lab.service("s1", List.of("sleep", "60"), Lab.ingress(8080, 80));
    for (var i = 0; i < 1_000; i++) {
      lab.task("t" + i, "s1", "w" + i % 20);
    }

    lab.await(
        "all run",
        () ->
            lab.store.state().tasks().values().stream()
                .allMatch(task -> task.getStatus().getState() == TASK_STATE_RUNNING));
    for (var worker : workers) {
      lab.await(
          "every mesh has every replica",
          () -> worker.mesh.getFirst().getEndpointsCount() == 1_000);
    }
  }

  /// What a session of a hand-made agent gets.
  private static final class Collected implements StreamObserver<DispatcherMessage> {
    final List<DispatcherMessage> messages = new CopyOnWriteArrayList<>();
    final CompletableFuture<Status> ended = new CompletableFuture<>();

    @Override
    public void onNext(DispatcherMessage message) {
      messages.add(message);
    }

    @Override
    public void onError(Throwable failure) {
      ended.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      ended.complete(Status.OK);
    }
  }

  private Collected open(String node, AgentHello hello) {
    var session = new Collected();
    DispatcherGrpc.newStub(lab.channel("m1", node))
        .session(session)
        .onNext(AgentMessage.newBuilder().setHello(hello).build());
    return session;
  }
}
