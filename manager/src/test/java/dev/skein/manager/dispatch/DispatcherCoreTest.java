package dev.skein.manager.dispatch;

import static dev.skein.manager.dispatch.DispatchWorld.PERIOD;
import static dev.skein.manager.dispatch.DispatchWorld.ingress;
import static dev.skein.manager.dispatch.DispatchWorld.status;
import static dev.skein.proto.v1.NodeState.NODE_STATE_DISCONNECTED;
import static dev.skein.proto.v1.NodeState.NODE_STATE_DOWN;
import static dev.skein.proto.v1.NodeState.NODE_STATE_READY;
import static dev.skein.proto.v1.NodeState.NODE_STATE_UNKNOWN;
import static dev.skein.proto.v1.TaskState.TASK_STATE_ASSIGNED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_FAILED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_PENDING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_SHUTDOWN;
import static dev.skein.proto.v1.TaskState.TASK_STATE_STARTING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.Assignments;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.HealthState;
import dev.skein.proto.v1.MeshEndpoint;
import dev.skein.proto.v1.MeshUpdate;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.TaskStatusUpdate;
import io.grpc.Status;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class DispatcherCoreTest {

  private static final Duration TICK = Duration.ofMillis(10);

  private final DispatchWorld world = new DispatchWorld();

  @BeforeEach
  void aClusterOfTwoNodes() {
    world.cluster();
    world.node("n1", NODE_STATE_UNKNOWN);
    world.node("n2", NODE_STATE_UNKNOWN);
    world.service("web", ingress(8080));
    world.service("db");
  }

  // ---- Presence

  @Test
  void aNodeIsReadyOnceItsAgentSaidHello() {
    world.open("n1");

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
    assertThat(world.nodeOf("n1").getDescription().getHostname()).isEqualTo("n1");
  }

  @Test
  void aNodeIsDownAfterThreeMissedHeartbeatsAndNotBefore() {
    var session = world.open("n1");
    world.pass(PERIOD.multipliedBy(20), session);
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
    world.heartbeat(session);

    world.pass(PERIOD.multipliedBy(3).minus(TICK));
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
    world.pass(TICK);

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DOWN);
    assertThat(world.nodeOf("n1").getStatus().getMessage()).isEqualTo("heartbeat failure");
    assertThat(world.ended.get(session)).isNotNull();
  }

  @Test
  void aLeaderThatWasItselfStoppedGivesTheNodesAnotherPeriod() {
    var session = world.open("n1");
    world.sleep(PERIOD.multipliedBy(10));
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);

    world.heartbeat(session);
    world.pass(PERIOD.multipliedBy(2));
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);

    world.sleep(PERIOD.multipliedBy(10));
    world.pass(PERIOD);
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DOWN);
  }

  @Test
  void aLeaderThatIsAlwaysLateStillNoticesADeathInTheEnd() {
    world.open("n1");
    for (var i = 0; i <= Presence.POSTPONED_MAX; i++) {
      assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
      world.sleep(PERIOD.multipliedBy(5));
    }

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DOWN);
  }

  @Test
  void aNodeWhoseSessionBreaksIsDisconnectedAndDownTwoPeriodsLater() {
    var session = world.open("n1");
    world.closed(session, false);
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DISCONNECTED);

    world.pass(PERIOD.multipliedBy(2).minus(TICK));
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DISCONNECTED);
    world.pass(TICK);

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DOWN);
  }

  @Test
  void aBreakNeverMakesTheWaitLongerThanTheMissedHeartbeats() {
    var session = world.open("n1");
    world.pass(PERIOD.multipliedBy(2));
    world.closed(session, false);

    world.pass(PERIOD);

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DOWN);
  }

  @Test
  void aNodeWhoseAgentWasStoppedInOrderHasFivePeriodsToComeBack() {
    var session = world.open("n1");
    world.closed(session, true);

    world.pass(PERIOD.multipliedBy(5).minus(TICK));
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DISCONNECTED);
    world.pass(TICK);

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DOWN);
  }

  @Test
  void aNodeThatComesBackIsReadyAgain() {
    world.closed(world.open("n1"), false);
    world.pass(PERIOD.multipliedBy(10));
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_DOWN);

    var session = world.open("n1");

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
    world.pass(PERIOD.multipliedBy(10), session);
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
  }

  @Test
  void aNewLeaderGivesNodesTimeToConnectAndOnlyThenTakesThemForDown() {
    world.open("n1");
    world.open("n2");
    world.newLeader();
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);

    world.pass(PERIOD);
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_UNKNOWN);
    var back = world.open("n1");
    world.pass(PERIOD.multipliedBy(3), back);

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
    assertThat(world.stateOf("n2")).isEqualTo(NODE_STATE_DOWN);
  }

  @Test
  void afterAStandstillNodesGetTimeToStart() {
    world.open("n1");
    world.open("n2");
    world.standstill = true;
    world.newLeader();
    world.pass(PERIOD.multipliedBy(10));
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_UNKNOWN);

    var back = world.open("n1");
    world.pass(PERIOD.multipliedBy(6), back);

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
    assertThat(world.stateOf("n2")).isEqualTo(NODE_STATE_DOWN);
  }

  @Test
  void aNodeWrittenByAnotherMeanwhileIsWrittenAgain() {
    world.quorum = false;
    var session = world.open("n1");
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_UNKNOWN);
    world.quorum = true;

    world.pass(Duration.ofSeconds(1), session);

    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_READY);
  }

  // ---- Assignments

  @Test
  void aSessionBeginsWithAllTasksOfItsNodeAndNoOthers() {
    world.task("t1", "web", "n1", TASK_STATE_ASSIGNED);
    world.task("t2", "web", "n2", TASK_STATE_ASSIGNED);
    world.task("t3", "web", "n1", TASK_STATE_PENDING);

    var session = world.open("n1");

    var first = assignments(session).getFirst();
    assertThat(first.getType()).isEqualTo(Assignments.Type.TYPE_COMPLETE);
    assertThat(first.getUpdatedList()).hasSize(1);
    var assigned = first.getUpdated(0);
    assertThat(assigned.getTask().getId()).isEqualTo("t1");
    assertThat(assigned.getSpec().getRuntime()).isEqualTo("process");
    assertThat(assigned.getServiceName()).isEqualTo("web");
    assertThat(assigned.getPortsList()).containsExactly(ingress(8080));
  }

  @Test
  void whatChangesIsSentAsIncrementsInSequence() {
    var session = world.open("n1");
    world.task("t1", "db", "n1", TASK_STATE_ASSIGNED);
    world.desire("t1", TASK_STATE_SHUTDOWN);
    world.remove(ObjectKind.OBJECT_KIND_TASK, "t1");

    var all = assignments(session);

    assertThat(all).hasSize(4);
    for (var i = 0; i < all.size(); i++) {
      assertThat(all.get(i).getAppliesTo()).isEqualTo(i);
      assertThat(all.get(i).getResultsIn()).isEqualTo(i + 1);
    }
    assertThat(all.get(1).getUpdated(0).hasSpec()).isTrue();
    assertThat(all.get(2).getUpdated(0).hasSpec()).isFalse();
    assertThat(all.get(3).getRemovedList()).containsExactly("t1");
  }

  @Test
  void aStatusThatTheNodeItselfReportedIsNotSentBack() {
    world.task("t1", "db", "n1", TASK_STATE_ASSIGNED);
    var session = world.open("n1");
    world.forgetSent();

    world.report(session, 1, status("t1", TASK_STATE_RUNNING));
    world.pass(TICK);

    assertThat(assignments(session)).isEmpty();
  }

  // ---- Statuses

  @Test
  void aReportIsAcknowledgedOnlyAfterItsCommit() {
    world.task("t1", "db", "n1", TASK_STATE_ASSIGNED);
    var session = world.open("n1");
    world.quorum = false;
    world.report(session, 7, status("t1", TASK_STATE_RUNNING));
    world.pass(TICK);
    assertThat(world.acksTo(session)).isEmpty();
    assertThat(world.observed("t1")).isEqualTo(TASK_STATE_ASSIGNED);

    world.quorum = true;
    world.pass(StatusBatch.RETRY_AFTER);

    assertThat(world.observed("t1")).isEqualTo(TASK_STATE_RUNNING);
    assertThat(world.acksTo(session)).containsExactly(7L);
  }

  @Test
  void reportsOfOneMomentShareOneChangeSet() {
    world.task("t1", "db", "n1", TASK_STATE_ASSIGNED);
    world.task("t2", "db", "n2", TASK_STATE_ASSIGNED);
    var first = world.open("n1");
    var second = world.open("n2");
    world.proposals.clear();

    world.report(first, 1, status("t1", TASK_STATE_STARTING));
    world.report(first, 2, status("t1", TASK_STATE_RUNNING));
    world.report(second, 1, status("t2", TASK_STATE_RUNNING));
    world.pass(TICK);

    assertThat(world.proposals).hasSize(1);
    assertThat(world.proposals.getFirst().getChangesList()).hasSize(2);
    assertThat(world.observed("t1")).isEqualTo(TASK_STATE_RUNNING);
    assertThat(world.acksTo(first)).containsExactly(2L);
    assertThat(world.acksTo(second)).containsExactly(1L);
  }

  @Test
  void whatTheLogKnowsAlreadyIsAcknowledgedWithoutACommit() {
    world.task("t1", "db", "n1", TASK_STATE_FAILED);
    var session = world.open("n1");
    world.proposals.clear();

    world.report(session, 1, status("t1", TASK_STATE_RUNNING), status("gone", TASK_STATE_FAILED));
    world.pass(TICK);

    assertThat(world.proposals).isEmpty();
    assertThat(world.acksTo(session)).containsExactly(1L);
    assertThat(world.observed("t1")).isEqualTo(TASK_STATE_FAILED);
  }

  @Test
  void theHelloTellsWhatTheManagersMissed() {
    world.task("t1", "db", "n1", TASK_STATE_ASSIGNED);

    world.open("n1", status("t1", TASK_STATE_FAILED));
    world.pass(TICK);

    assertThat(world.observed("t1")).isEqualTo(TASK_STATE_FAILED);
  }

  @Test
  void aStatusOfAnotherNodesTaskEndsTheSession() {
    world.task("t1", "db", "n2", TASK_STATE_ASSIGNED);
    var session = world.open("n1");

    world.report(session, 1, status("t1", TASK_STATE_FAILED));
    world.pass(TICK);

    assertThat(statusOf(session).getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(world.observed("t1")).isEqualTo(TASK_STATE_ASSIGNED);
  }

  @Test
  void aReportBeyondTheLimitEndsTheSession() {
    var session = world.open("n1");
    var updates = new TaskStatusUpdate[DispatcherCore.REPORT_UPDATES_MAX + 1];
    Arrays.fill(updates, status("t", TASK_STATE_RUNNING));

    world.report(session, 1, updates);

    assertThat(statusOf(session).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
  }

  @Test
  void moreStatusesThanOneSetHoldsAreAcknowledgedAfterTheLastSet() {
    var count = StatusBatch.CHANGES_MAX + 10;
    var updates = new TaskStatusUpdate[count];
    for (var i = 0; i < count; i++) {
      world.task("t" + i, "db", "n1", TASK_STATE_ASSIGNED);
      updates[i] = status("t" + i, TASK_STATE_RUNNING);
    }
    var session = world.open("n1");
    world.proposals.clear();

    world.report(session, 1, updates);
    world.pass(TICK);

    assertThat(world.proposals.stream().map(set -> set.getChangesCount()))
        .containsExactly(StatusBatch.CHANGES_MAX, 10);
    assertThat(world.acksTo(session)).containsExactly(1L);
    assertThat(world.observed("t" + (count - 1))).isEqualTo(TASK_STATE_RUNNING);
  }

  // ---- The mesh

  @Test
  void onlyARunningWantedTaskOnANodeThatIsThereIsAReadyEndpoint() {
    var first = world.open("n1");
    var second = world.open("n2");
    world.task("t1", "web", "n2", TASK_STATE_STARTING);
    assertThat(endpoints(first)).isEmpty();

    world.report(second, 1, status("t1", TASK_STATE_RUNNING));
    world.pass(TICK);
    assertThat(endpoints(first))
        .singleElement()
        .satisfies(
            endpoint -> {
              assertThat(endpoint.getTaskId()).isEqualTo("t1");
              assertThat(endpoint.getAddr()).isEqualTo("10.0.0.2");
              assertThat(endpoint.getDraining()).isFalse();
            });

    world.closed(second, false);
    world.pass(PERIOD.multipliedBy(2), first);
    assertThat(endpoints(first)).isEmpty();
  }

  @Test
  void aTaskThatItsNodeSaysIsUnhealthyGetsNoNewConnection() {
    var first = world.open("n1");
    var second = world.open("n2");
    world.task("t1", "web", "n2", TASK_STATE_RUNNING);
    assertThat(endpoints(first)).noneMatch(MeshEndpoint::getDraining).hasSize(1);

    var unhealthy = status("t1", TASK_STATE_RUNNING).toBuilder();
    unhealthy.getStatusBuilder().getHealthBuilder().setStatus(HealthState.HEALTH_STATE_UNHEALTHY);
    world.report(second, 1, unhealthy.build());
    world.pass(TICK);

    assertThat(endpoints(first)).allMatch(MeshEndpoint::getDraining).hasSize(1);
  }

  @Test
  void aTaskThatIsToStopIsDrainedAndReleasedWhenEveryConnectedMeshLetGo() {
    var first = world.open("n1");
    var second = world.open("n2");
    // Past the time that a new leader gives to nodes that are about to connect.
    world.pass(PERIOD, first, second);
    world.task("t1", "web", "n1", TASK_STATE_RUNNING);

    world.desire("t1", TASK_STATE_SHUTDOWN);
    assertThat(endpoints(second)).allMatch(MeshEndpoint::getDraining).hasSize(1);
    world.letGo(first, "t1");
    assertThat(world.drainedTo(first)).isEmpty();
    world.letGo(second, "t1");

    assertThat(world.drainedTo(first)).containsExactly("t1");
    assertThat(world.drainedTo(second)).isEmpty();
  }

  @Test
  void theWordThatATaskDrainsIsSentBeforeTheWordToStopIt() {
    var session = world.open("n1");
    world.pass(PERIOD, session);
    world.task("t1", "web", "n1", TASK_STATE_RUNNING);
    world.forgetSent();

    world.desire("t1", TASK_STATE_SHUTDOWN);

    assertThat(world.sentTo(session).stream().map(DispatcherMessage::getMessageCase))
        .containsExactly(
            DispatcherMessage.MessageCase.MESH, DispatcherMessage.MessageCase.ASSIGNMENTS);
  }

  @Test
  void aNodeThatLosesItsSessionIsNotWaitedFor() {
    var first = world.open("n1");
    var second = world.open("n2");
    world.pass(PERIOD, first, second);
    world.task("t1", "web", "n1", TASK_STATE_RUNNING);
    world.desire("t1", TASK_STATE_SHUTDOWN);
    world.letGo(first, "t1");

    world.closed(second, false);

    assertThat(world.drainedTo(first)).containsExactly("t1");
  }

  @Test
  void theWaitForTheMeshesEndsWithTheStopGracePeriod() {
    var first = world.open("n1");
    world.pass(PERIOD, first);
    world.task("t1", "web", "n1", TASK_STATE_RUNNING);
    world.desire("t1", TASK_STATE_SHUTDOWN);

    world.pass(Duration.ofSeconds(9), first);
    assertThat(world.drainedTo(first)).isEmpty();
    world.pass(Duration.ofSeconds(1), first);

    assertThat(world.drainedTo(first)).containsExactly("t1");
  }

  @Test
  void aTaskThatNoMeshKnowsIsReleasedAtOnce() {
    var session = world.open("n1");
    world.task("t1", "db", "n1", TASK_STATE_RUNNING);
    world.task("t2", "web", "n1", TASK_STATE_STARTING);

    world.desire("t1", TASK_STATE_SHUTDOWN);
    world.desire("t2", TASK_STATE_SHUTDOWN);

    assertThat(world.drainedTo(session)).containsExactly("t1", "t2");
  }

  @Test
  void aNewLeaderWaitsForTheMeshesOfNodesThatAreAboutToConnect() {
    world.open("n1");
    world.open("n2");
    world.task("t1", "web", "n1", TASK_STATE_RUNNING);
    world.desire("t1", TASK_STATE_SHUTDOWN);
    world.newLeader();

    var first = world.open("n1");
    world.letGo(first, "t1");
    assertThat(world.drainedTo(first)).isEmpty();
    var second = world.open("n2");
    world.pass(PERIOD.multipliedBy(2), first, second);
    assertThat(world.drainedTo(first)).isEmpty();
    world.letGo(second, "t1");

    assertThat(world.drainedTo(first)).containsExactly("t1");
  }

  @Test
  void aReleaseThatTheNodeMissedIsToldWhenItConnects() {
    var first = world.open("n1");
    var second = world.open("n2");
    world.pass(PERIOD, first, second);
    world.task("t1", "web", "n1", TASK_STATE_RUNNING);
    world.desire("t1", TASK_STATE_SHUTDOWN);
    world.closed(first, false);
    world.letGo(second, "t1");

    var again = world.open("n1");

    assertThat(world.drainedTo(again)).containsExactly("t1");
  }

  // ---- Membership

  @Test
  void aNodeThatNamesNoAddressOfItsOwnGetsNoSession() {
    for (var address : List.of("", "example.org", "0.0.0.0", "10.0.0.1:80")) {
      var session = world.open("n1", address);

      assertThat(statusOf(session).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(statusOf(session).getDescription()).startsWith("\"" + address + "\"");
    }
    assertThat(world.stateOf("n1")).isEqualTo(NODE_STATE_UNKNOWN);
  }

  @Test
  void theSessionOfARemovedNodeEndsAndNoOtherIsOpened() {
    var session = world.open("n1");
    world.remove(ObjectKind.OBJECT_KIND_NODE, "n1");
    assertThat(statusOf(session).getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);

    var again = world.open("n1");

    assertThat(statusOf(again).getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(world.core().sessionCount()).isZero();
  }

  @Test
  void theCoreIsQuietWhenNothingIsToBeDone() {
    world.task("t1", "web", "n1", TASK_STATE_RUNNING);
    var session = world.open("n1");
    world.pass(PERIOD.multipliedBy(5), session);
    world.proposals.clear();
    world.forgetSent();

    world.pass(Duration.ofMinutes(5), session);

    assertThat(world.proposals).isEmpty();
    assertThat(world.sentTo(session)).allMatch(DispatcherMessage::hasHeartbeat);
  }

  private List<Assignments> assignments(long session) {
    return world.sentTo(session).stream()
        .filter(DispatcherMessage::hasAssignments)
        .map(DispatcherMessage::getAssignments)
        .toList();
  }

  /// The endpoints of the first service in the last table that a session was sent.
  private List<MeshEndpoint> endpoints(long session) {
    var last =
        world.sentTo(session).stream()
            .filter(DispatcherMessage::hasMesh)
            .map(DispatcherMessage::getMesh)
            .reduce(MeshUpdate.getDefaultInstance(), (before, after) -> after);
    return last.getServicesCount() == 0 ? List.of() : last.getServices(0).getEndpointsList();
  }

  private Status statusOf(long session) {
    var status = world.ended.get(session);
    if (status == null) {
      throw new AssertionError("session " + session + " goes on");
    }
    return status;
  }
}
