package dev.skein.manager.control;

import static dev.skein.manager.control.Specs.worker;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.Event;
import dev.skein.proto.v1.EventsRequest;
import dev.skein.proto.v1.Filter;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.Version;
import dev.skein.state.ChangeSets;
import dev.skein.state.Commit;
import dev.skein.state.InMemoryStore;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EventLogTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private final InMemoryStore store = new InMemoryStore();

  @Test
  void aNodesChangesAreToldInDockersWords() {
    assertThat(events(ChangeSets.create(worker("n1", "alpha"))))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.getType()).isEqualTo("node");
              assertThat(event.getAction()).isEqualTo("create");
              assertThat(event.getActorId()).isEqualTo("n1");
              assertThat(event.getAttributesMap()).containsEntry("name", "alpha");
              assertThat(event.getTime()).isEqualTo(Times.timestamp(NOW));
              assertThat(event.getIndex()).isEqualTo(1);
            });
    var down = Objects.requireNonNull(store.state().node("n1")).toBuilder();
    down.getStatusBuilder().setState(NodeState.NODE_STATE_DOWN);
    assertThat(events(ChangeSets.update(down.build())))
        .singleElement()
        .satisfies(
            event ->
                assertThat(event.getAttributesMap())
                    .containsEntry("state.old", "ready")
                    .containsEntry("state.new", "down")
                    .doesNotContainKey("role.old"));
    assertThat(events(ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, "n1")))
        .singleElement()
        .extracting(Event::getAction)
        .isEqualTo("remove");
  }

  @Test
  void aServiceIsRemovedToUsersWhenTheyAskForIt() {
    assertThat(actions(events(ChangeSets.create(service())))).containsExactly("service create");
    var updating = stored().toBuilder();
    updating.getUpdateStatusBuilder().setState(UpdateState.UPDATE_STATE_UPDATING);
    assertThat(events(ChangeSets.update(updating.build())).getFirst().getAttributesMap())
        .containsEntry("updatestate.old", "")
        .containsEntry("updatestate.new", "updating");
    var scaled = stored().toBuilder();
    scaled.getSpecBuilder().getModeBuilder().getReplicatedBuilder().setReplicas(5);
    assertThat(events(ChangeSets.update(scaled.build())).getFirst().getAttributesMap())
        .containsEntry("replicas.old", "3")
        .containsEntry("replicas.new", "5");
    var pending = stored().toBuilder().setPendingDelete(true).build();
    assertThat(actions(events(ChangeSets.update(pending)))).containsExactly("service remove");
    assertThat(events(ChangeSets.remove(ObjectKind.OBJECT_KIND_SERVICE, "s"))).isEmpty();
  }

  @Test
  void aScheduledRunThatBeginsOrIsSkippedIsTold() {
    var job = service().toBuilder();
    job.getSpecBuilder().getScheduleBuilder().setExpression("@hourly");
    job.getJobStatusBuilder().setScheduledAt(Times.timestamp(NOW));
    events(ChangeSets.create(job.build()));
    var due = NOW.plusSeconds(3_600);
    var begun = stored().toBuilder();
    begun
        .getJobStatusBuilder()
        .setScheduledAt(Times.timestamp(due))
        .getJobIterationBuilder()
        .setIndex(1);
    assertThat(events(ChangeSets.update(begun.build())).getFirst().getAttributesMap())
        .containsEntry("schedule", "run begun")
        .containsEntry("schedule.due", due.toString())
        .containsEntry("jobiteration.new", "1");
    var skipped = stored().toBuilder();
    skipped
        .getJobStatusBuilder()
        .setScheduledAt(Times.timestamp(due.plusSeconds(3_600)))
        .setSkipped(1);
    assertThat(events(ChangeSets.update(skipped.build())).getFirst().getAttributesMap())
        .containsEntry("schedule", "run skipped")
        .doesNotContainKey("jobiteration.new");
    assertThat(events(ChangeSets.update(stored())).getFirst().getAttributesMap())
        .doesNotContainKey("schedule");
  }

  @Test
  void aTasksRefreshIsNoEvent() {
    events(ChangeSets.create(service()));
    var task = Specs.task("t", "s", 1, "n1", TaskState.TASK_STATE_ASSIGNED);
    assertThat(events(ChangeSets.create(task)).getFirst().getAttributesMap())
        .containsEntry("state.new", "assigned")
        .containsEntry("service.name", "web")
        .containsEntry("name", "web.1.t");
    var failed = TaskStatus.newBuilder().setState(TaskState.TASK_STATE_RUNNING);
    assertThat(events(ChangeSets.status("t", "n1", failed.build())).getFirst().getAttributesMap())
        .containsEntry("state.old", "assigned")
        .containsEntry("state.new", "running");
    var refresh = failed.setMessage("still running").build();
    assertThat(events(ChangeSets.status("t", "n1", refresh))).isEmpty();
  }

  @Test
  void aReaderGetsWhatWasKeptAndThenWhatComes() throws Exception {
    try (var log = new EventLog(store, InstantSource.fixed(NOW), 3)) {
      var live = log.from(store.state().index());
      commit(ChangeSets.create(worker("n1", "a")));
      assertThat(live.next(10, PATIENCE)).extracting(Event::getActorId).containsExactly("n1");
      commit(ChangeSets.create(worker("n2", "b")), ChangeSets.create(worker("n3", "c")));
      assertThat(live.next(1, PATIENCE)).extracting(Event::getActorId).containsExactly("n2");
      assertThat(live.next(1, PATIENCE)).extracting(Event::getActorId).containsExactly("n3");
      assertThat(live.next(1, 0)).isEmpty();
      assertThat(log.fromOldest().next(10, 0))
          .extracting(Event::getActorId)
          .containsExactly("n1", "n2", "n3");
    }
  }

  @Test
  void aCommitOfMoreEventsThanAreKeptIsReadWhole() throws Exception {
    try (var log = new EventLog(store, InstantSource.fixed(NOW), 2)) {
      var live = log.from(store.state().index());
      commit(
          ChangeSets.create(worker("n1", "a")),
          ChangeSets.create(worker("n2", "b")),
          ChangeSets.create(worker("n3", "c")));
      assertThat(live.next(10, PATIENCE))
          .extracting(Event::getActorId)
          .containsExactly("n1", "n2", "n3");
      commit(ChangeSets.create(worker("n4", "d")));
      assertThat(live.next(10, PATIENCE)).hasSize(1);
      assertThat(log.fromOldest().next(10, 0))
          .extracting(Event::getActorId)
          .containsExactly("n3", "n4");
      assertThatThrownBy(() -> log.after(0)).isInstanceOf(Rejection.class);
    }
  }

  @Test
  void aResumeAfterAnIndexMissesNothingOrIsRefused() throws Exception {
    commit(ChangeSets.create(worker("n1", "before the log")));
    try (var log = new EventLog(store, InstantSource.fixed(NOW), 2)) {
      var live = log.from(store.state().index());
      assertThatThrownBy(() -> log.after(0))
          .isInstanceOf(Rejection.class)
          .hasMessageContaining("after index 0 are no longer in memory, only those after 1");
      for (var i = 2; i <= 4; i++) {
        commit(ChangeSets.create(worker("n" + i, "x")));
        live.next(1, PATIENCE);
      }
      assertThat(log.after(2).next(10, 0))
          .extracting(Event::getActorId)
          .containsExactly("n3", "n4");
      assertThat(log.after(4).next(10, 0)).isEmpty();
      assertThatThrownBy(() -> log.after(1)).isInstanceOf(Rejection.class);
    }
  }

  @Test
  void aReaderIsNotToldOfWhatAManagerThatHasJustStartedGoesThroughAgain() throws Exception {
    try (var log = new EventLog(store, InstantSource.fixed(NOW))) {
      var resumed = log.after(2);
      var live = log.from(2);
      var whole = log.from(store.state().index());
      for (var i = 1; i <= 3; i++) {
        commit(ChangeSets.create(worker("n" + i, "x")));
        whole.next(1, PATIENCE);
      }
      assertThat(resumed.next(10, 0)).extracting(Event::getActorId).containsExactly("n3");
      assertThat(live.next(10, 0)).extracting(Event::getActorId).containsExactly("n3");
    }
  }

  @Test
  void aReaderThatIsTooSlowIsTold() throws Exception {
    try (var log = new EventLog(store, InstantSource.fixed(NOW), 2)) {
      var slow = log.from(store.state().index());
      var quick = log.from(store.state().index());
      for (var i = 1; i <= 3; i++) {
        commit(ChangeSets.create(worker("n" + i, "x")));
        quick.next(1, PATIENCE);
      }
      assertThatThrownBy(() -> slow.next(10, PATIENCE))
          .isInstanceOf(Rejection.class)
          .hasMessageContaining("some are lost");
    }
  }

  @Test
  void closingWakesReaders() throws Exception {
    var log = new EventLog(store, InstantSource.fixed(NOW));
    var cursor = log.from(store.state().index());
    var reader =
        Thread.ofVirtual()
            .unstarted(
                () -> {
                  try {
                    while (!log.isClosed()) {
                      cursor.next(1, PATIENCE);
                    }
                  } catch (Rejection | InterruptedException unexpected) {
                    throw new AssertionError(unexpected);
                  }
                });
    reader.start();
    log.close();
    assertThat(reader.join(Duration.ofSeconds(20))).isTrue();
  }

  @Test
  void filtersChooseByTypeActionObjectAndTime() throws Exception {
    events(ChangeSets.create(service()));
    var task =
        events(ChangeSets.create(Specs.task("t", "s", 1, "n1", TaskState.TASK_STATE_ASSIGNED)));
    var node = events(ChangeSets.create(worker("n1", "alpha")));
    var all = new ArrayList<Event>(task);
    all.addAll(node);
    assertThat(actions(chosen(all, request("type", "node")))).containsExactly("node create");
    assertThat(actions(chosen(all, request("event", "remove")))).isEmpty();
    assertThat(actions(chosen(all, request("node", "alpha")))).containsExactly("node create");
    assertThat(actions(chosen(all, request("service", "web")))).containsExactly("task create");
    assertThat(actions(chosen(all, request("container", "x")))).isEmpty();
    var later = EventsRequest.newBuilder().setSince(Times.timestamp(NOW.plusMillis(1))).build();
    assertThat(chosen(all, later)).isEmpty();
    assertThatThrownBy(() -> chosen(all, request("foo", "x")))
        .isInstanceOf(Rejection.class)
        .hasMessageStartingWith("invalid filter 'foo'");
  }

  @Test
  void labelsAreAttributesAndChooseEvents() throws Exception {
    var spec = Specs.web().toBuilder().putLabels("tier", "front").putLabels("name", "no name");
    var all = new ArrayList<Event>();
    all.addAll(events(ChangeSets.create(service().toBuilder().setSpec(spec).build())));
    all.addAll(
        events(ChangeSets.create(Specs.task("t", "s", 1, "n1", TaskState.TASK_STATE_ASSIGNED))));
    var node = worker("n1", "alpha").toBuilder();
    node.getSpecBuilder().putLabels("zone", "east");
    all.addAll(events(ChangeSets.create(node.build())));
    assertThat(all.getFirst().getAttributesMap())
        .containsEntry("tier", "front")
        .containsEntry("name", "web");
    assertThat(all.get(1).getAttributesMap()).containsEntry("name", "web.1.t");
    assertThat(actions(chosen(all, request("label", "tier=front"))))
        .containsExactly("service create", "task create");
    assertThat(actions(chosen(all, request("label", "zone")))).containsExactly("node create");
    assertThat(chosen(all, request("label", "tier=back"))).isEmpty();
  }

  @Test
  void aJobsTaskIsToldWithTheDesiredStateThatListsShow() {
    events(ChangeSets.create(service()));
    var task =
        Specs.task("t", "s", 1, "n1", TaskState.TASK_STATE_ASSIGNED).toBuilder()
            .setJobIteration(Version.getDefaultInstance());
    assertThat(events(ChangeSets.create(task.build())).getFirst().getAttributesMap())
        .containsEntry("desiredstate.new", "complete");
  }

  private static EventsRequest request(String filter, String value) {
    return EventsRequest.newBuilder()
        .addFilters(Filter.newBuilder().setName(filter).addValues(value))
        .build();
  }

  private static List<Event> chosen(List<Event> events, EventsRequest request) throws Rejection {
    return events.stream().filter(new EventFilter(request)::includes).toList();
  }

  private static List<String> actions(List<Event> events) {
    return events.stream().map(event -> event.getType() + " " + event.getAction()).toList();
  }

  private static Service service() {
    return Service.newBuilder().setId("s").setSpec(Specs.web()).setSpecVersion(1).build();
  }

  private Service stored() {
    return Objects.requireNonNull(store.state().service("s"));
  }

  private void commit(Change... changes) {
    store.commit(ChangeSets.of(NOW, List.of(changes)));
  }

  private List<Event> events(Change... changes) {
    try (var watch = store.watch()) {
      commit(changes);
      return Events.of((Commit) Objects.requireNonNull(watch.poll()), NOW);
    }
  }
}
