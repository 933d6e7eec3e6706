package dev.skein.state;

import static dev.skein.state.Fixtures.applied;
import static dev.skein.state.Fixtures.cluster;
import static dev.skein.state.Fixtures.node;
import static dev.skein.state.Fixtures.service;
import static dev.skein.state.Fixtures.set;
import static dev.skein.state.Fixtures.status;
import static dev.skein.state.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ClusterStateTest {
  private static final ClusterState WEB =
      applied(
          ClusterState.empty(),
          ChangeSets.create(cluster("c")),
          ChangeSets.create(node("n1")),
          ChangeSets.create(node("n2")),
          ChangeSets.create(service("s", "web")));

  @Test
  void anObjectsVersionIsTheIndexThatLastChangedItAndItsTimesAreTheProposers() {
    var created = WEB.apply(7, List.of(set(100, ChangeSets.create(service("s2", "db"))))).state();
    var service = Objects.requireNonNull(created.service("s2"));
    assertThat(service.getVersion().getIndex()).isEqualTo(7);
    assertThat(service.getCreatedAt().getSeconds()).isEqualTo(100);
    var updated =
        created.apply(9, List.of(set(200, ChangeSets.update(service)))).state().service("s2");
    assertThat(Objects.requireNonNull(updated).getVersion().getIndex()).isEqualTo(9);
    assertThat(updated.getCreatedAt().getSeconds()).isEqualTo(100);
    assertThat(updated.getUpdatedAt().getSeconds()).isEqualTo(200);
  }

  @Test
  void anUpdateOfAnOlderVersionIsOutOfSequence() {
    var service = Objects.requireNonNull(WEB.service("s"));
    var newer = applied(WEB, ChangeSets.update(service));
    assertThat(conflict(newer, ChangeSets.update(service)))
        .isEqualTo("update out of sequence: service s is at version 2, not 1");
  }

  @Test
  void aSetThatConflictsLeavesNothingBehindAndTheOthersOfItsEntryStand() {
    var conflicting =
        set(
            ChangeSets.create(service("s2", "db")),
            ChangeSets.create(task("t1", "s2", 1).toBuilder().setNodeId("n1").build()),
            ChangeSets.status("t1", "n1", status(TaskState.TASK_STATE_RUNNING)),
            ChangeSets.desire("t1", TaskState.TASK_STATE_SHUTDOWN),
            ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, "n2"),
            ChangeSets.create(service("s3", "WEB")));
    var fitting = set(ChangeSets.create(task("t2", "s", 1)));
    var applied = WEB.apply(2, List.of(fitting, conflicting, fitting));
    assertThat(applied.outcomes().get(0)).isEqualTo(Outcome.ACCEPTED);
    assertThat(applied.outcomes().get(1))
        .isEqualTo(new Outcome.Conflict("the name WEB is taken by service s"));
    assertThat(applied.outcomes().get(2)).isEqualTo(new Outcome.Conflict("task t2 already exists"));
    assertThat(applied.changes()).hasSize(1);
    var expected = WEB.apply(2, List.of(fitting)).state();
    assertThat(SnapshotCodec.digest(applied.state())).isEqualTo(SnapshotCodec.digest(expected));
    assertThat(applied.state().tasksOfNode("n1")).isEmpty();
    assertThat(applied.state().serviceByName("db")).isNull();
    assertThat(applied.state().tasksOfService("s2")).isEmpty();
  }

  @Test
  void theStateThatWasAppliedToIsUntouched() {
    var digest = SnapshotCodec.digest(WEB);
    applied(
        WEB,
        ChangeSets.create(task("t", "s", 1)),
        ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, "n1"));
    assertThat(SnapshotCodec.digest(WEB)).isEqualTo(digest);
    assertThat(WEB.taskCountOfService("s")).isZero();
  }

  @Test
  void namesOfServicesAreUniqueInAnyCaseAndThoseOfNodesAreNot() {
    assertThat(conflict(WEB, ChangeSets.create(service("s2", "WeB"))))
        .isEqualTo("the name WeB is taken by service s");
    assertThat(Objects.requireNonNull(WEB.serviceByName("WEB")).getId()).isEqualTo("s");
    var sameHost = node("n3").toBuilder().setDescription(node("n1").getDescription()).build();
    assertThat(applied(WEB, ChangeSets.create(sameHost)).nodes().size()).isEqualTo(3);
  }

  @Test
  void aServiceThatIsBeingRemovedHasGivenItsNameAway() {
    var service = Objects.requireNonNull(WEB.service("s"));
    var removing =
        applied(WEB, ChangeSets.update(service.toBuilder().setPendingDelete(true).build()));
    assertThat(removing.serviceByName("web")).isNull();
    var again = applied(removing, ChangeSets.create(service("s2", "web")));
    assertThat(Objects.requireNonNull(again.serviceByName("web")).getId()).isEqualTo("s2");
    var gone = applied(again, ChangeSets.remove(ObjectKind.OBJECT_KIND_SERVICE, "s"));
    assertThat(Objects.requireNonNull(gone.serviceByName("web")).getId()).isEqualTo("s2");
    var pending = Objects.requireNonNull(again.service("s"));
    assertThat(conflict(again, ChangeSets.update(unpending(pending))))
        .isEqualTo("the name web is taken by service s2");
    assertThat(
            conflict(
                removing,
                ChangeSets.update(unpending(Objects.requireNonNull(removing.service("s"))))))
        .isEqualTo("service s is being removed");
  }

  @Test
  void aRenamedServiceIsFoundByItsNewNameOnly() {
    var service = Objects.requireNonNull(WEB.service("s"));
    var renamed =
        applied(
            WEB,
            ChangeSets.update(
                service.toBuilder()
                    .setSpec(service.getSpec().toBuilder().setName("front"))
                    .build()));
    assertThat(renamed.serviceByName("web")).isNull();
    assertThat(renamed.serviceByName("Front")).isNotNull();
  }

  @Test
  void tasksAreFoundByServiceSlotAndNode() {
    var state =
        applied(
            WEB,
            ChangeSets.create(service("g", "global")),
            ChangeSets.create(task("t3", "s", 2)),
            ChangeSets.create(task("t2", "s", 1)),
            ChangeSets.create(task("t1", "s", 2)),
            ChangeSets.create(task("g1", "g", 0).toBuilder().setNodeId("n1").build()));
    state = applied(state, assigned(state, "t3", "n1"), assigned(state, "t2", "n2"));
    assertThat(ids(state.tasksOfService("s"))).containsExactly("t2", "t1", "t3");
    assertThat(ids(state.tasksOfSlot("s", 2))).containsExactly("t1", "t3");
    assertThat(ids(state.tasksOfSlot("s", 3))).isEmpty();
    assertThat(ids(state.tasksOfNode("n1"))).containsExactly("g1", "t3");
    assertThat(ids(state.tasksOfServiceOnNode("s", "n1"))).containsExactly("t3");
    assertThat(state.taskCountOfService("s")).isEqualTo(3);
    assertThat(state.taskCountOfNode("n2")).isEqualTo(1);
    var gone = applied(state, ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, "t2"));
    assertThat(ids(gone.tasksOfService("s"))).containsExactly("t1", "t3");
    assertThat(ids(gone.tasksOfNode("n2"))).isEmpty();
  }

  @Test
  void aTaskKeepsItsServiceItsSlotAndItsNode() {
    var state =
        applied(WEB, ChangeSets.create(task("t", "s", 1).toBuilder().setNodeId("n1").build()));
    var task = Objects.requireNonNull(state.task("t"));
    assertThat(conflict(state, ChangeSets.update(task.toBuilder().setNodeId("n2").build())))
        .isEqualTo("task t cannot leave node n1");
    assertThat(conflict(state, ChangeSets.update(task.toBuilder().setSlot(2).build())))
        .isEqualTo("task t cannot change its service or slot");
  }

  @Test
  void aTaskNeedsItsService() {
    assertThat(conflict(WEB, ChangeSets.create(task("t", "nowhere", 1))))
        .isEqualTo("task t is of service nowhere, which does not exist");
    var state = applied(WEB, ChangeSets.create(task("t", "s", 1)));
    assertThat(conflict(state, ChangeSets.remove(ObjectKind.OBJECT_KIND_SERVICE, "s")))
        .isEqualTo("service s still has 1 tasks");
    applied(
        state,
        ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, "t"),
        ChangeSets.remove(ObjectKind.OBJECT_KIND_SERVICE, "s"));
  }

  @Test
  void whatIsReportedFromAnotherNodeOrOfAGoneTaskIsIgnored() {
    var state =
        applied(WEB, ChangeSets.create(task("t", "s", 1).toBuilder().setNodeId("n1").build()));
    var running = status(TaskState.TASK_STATE_RUNNING);
    var applied =
        state.apply(
            state.index() + 1,
            List.of(
                set(
                    ChangeSets.status("t", "n2", running),
                    ChangeSets.status("gone", "n1", running),
                    ChangeSets.desire("gone", TaskState.TASK_STATE_SHUTDOWN))));
    assertThat(applied.outcomes()).containsExactly(Outcome.ACCEPTED);
    assertThat(applied.changes()).isEmpty();
  }

  @Test
  void removingWhatIsAbsentIsAConflictOnlyWithAVersion() {
    applied(WEB, ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, "t"));
    var version = Version.newBuilder().setIndex(1).build();
    assertThat(conflict(WEB, ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, "t", version)))
        .contains("t does not exist");
    var stale = Version.newBuilder().setIndex(99).build();
    assertThat(conflict(WEB, ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, "n1", stale)))
        .contains("out of sequence");
  }

  @Test
  void changesThatSayNothingAreConflicts() {
    assertThat(conflict(WEB, Change.getDefaultInstance())).isEqualTo("an empty change");
    assertThat(
            conflict(
                WEB,
                Change.newBuilder()
                    .setCreate(dev.skein.proto.v1.Object.getDefaultInstance())
                    .build()))
        .isEqualTo("a create without an object");
    assertThat(conflict(WEB, ChangeSets.create(cluster("c2"))))
        .isEqualTo("the cluster object already exists");
    assertThat(conflict(WEB, ChangeSets.remove(ObjectKind.OBJECT_KIND_CLUSTER, "c")))
        .isEqualTo("the cluster object cannot be removed");
  }

  @Test
  void mapsThatAnEntryDoesNotTouchStayTheSameInstance() {
    var after = applied(WEB, ChangeSets.create(task("t", "s", 1)));
    assertThat(after.nodes()).isSameAs(WEB.nodes());
    assertThat(after.services()).isSameAs(WEB.services());
    assertThat(after.tasks()).isNotSameAs(WEB.tasks());
  }

  @Test
  void anEntryIsAppliedOnce() {
    assertThatThrownBy(() -> WEB.apply(1, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("already applied");
  }

  @Test
  void anEntryThatChangesNothingOnlyMovesTheIndex() {
    var applied = WEB.apply(50, List.of());
    assertThat(applied.state().index()).isEqualTo(50);
    assertThat(applied.changes()).isEmpty();
    assertThat(applied.state().service("s")).isEqualTo(WEB.service("s"));
  }

  private static Service unpending(Service service) {
    return service.toBuilder().setPendingDelete(false).build();
  }

  private static Change assigned(ClusterState state, String taskId, String nodeId) {
    return ChangeSets.update(
        Objects.requireNonNull(state.task(taskId)).toBuilder()
            .setNodeId(nodeId)
            .setStatus(status(TaskState.TASK_STATE_ASSIGNED))
            .build());
  }

  private static List<String> ids(Iterable<Task> tasks) {
    var ids = new ArrayList<String>();
    tasks.forEach(task -> ids.add(task.getId()));
    return ids;
  }

  private static String conflict(ClusterState state, Change change) {
    var outcome = state.apply(state.index() + 1, List.of(set(change))).outcomes().getFirst();
    return outcome instanceof Outcome.Conflict(var message) ? message : "accepted";
  }
}
