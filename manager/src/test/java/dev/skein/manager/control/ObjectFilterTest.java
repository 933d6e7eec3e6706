package dev.skein.manager.control;

import static dev.skein.manager.control.Specs.named;
import static dev.skein.manager.control.Specs.task;
import static dev.skein.manager.control.Specs.worker;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.Filter;
import dev.skein.proto.v1.GlobalMode;
import dev.skein.proto.v1.ListRequest;
import dev.skein.proto.v1.ListResponse;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.SpecRevision;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.InMemoryStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ObjectFilterTest {
  private static final ClusterState STATE = world();

  private static ClusterState world() {
    var store = new InMemoryStore();
    var labelled = worker("n1", "alpha").toBuilder();
    labelled.getSpecBuilder().putLabels("zone", "east").putLabels("ssd", "");
    labelled.getDescriptionBuilder().getEngineBuilder().putLabels("kernel", "6");
    var web =
        Service.newBuilder()
            .setId("s-web")
            .setSpec(named("web").toBuilder().putLabels("tier", "front"))
            .setSpecVersion(2)
            .addRevisions(SpecRevision.newBuilder().setVersion(1).setTask(Specs.process("true")))
            .build();
    var agent =
        Service.newBuilder()
            .setId("s-agent")
            .setSpec(
                named("agent").toBuilder()
                    .setMode(ServiceMode.newBuilder().setGlobal(GlobalMode.getDefaultInstance())))
            .setSpecVersion(1)
            .build();
    var gone =
        web.toBuilder().setId("s-gone").setSpec(named("gone")).setPendingDelete(true).build();
    store.commit(
        ChangeSets.of(
            Instant.EPOCH,
            List.of(
                ChangeSets.create(labelled.build()),
                ChangeSets.create(worker("n2", "beta")),
                ChangeSets.create(web),
                ChangeSets.create(agent),
                ChangeSets.create(gone),
                ChangeSets.create(task("t1", "s-web", 1, "n1", TaskState.TASK_STATE_RUNNING)),
                ChangeSets.create(
                    task("t2", "s-web", 2, "n2", TaskState.TASK_STATE_COMPLETE).toBuilder()
                        .setSpecVersion(2)
                        .setDesiredState(TaskState.TASK_STATE_SHUTDOWN)
                        .build()),
                ChangeSets.create(task("t3", "s-agent", 0, "n1", TaskState.TASK_STATE_RUNNING)))));
    return store.state();
  }

  static Stream<Arguments> choices() {
    return Stream.of(
        services("", "s-agent", "s-web"),
        services("name=we", "s-web"),
        services("name=WEB name=agent", "s-agent", "s-web"),
        services("id=s-a", "s-agent"),
        services("label=tier", "s-web"),
        services("label=tier=front", "s-web"),
        services("label=tier=back"),
        services("mode=global", "s-agent"),
        services("mode=replicated mode=global", "s-agent", "s-web"),
        services("runtime=process", "s-agent", "s-web"),
        services("runtime=container"),
        nodes("", "n1", "n2"),
        nodes("name=al", "n1"),
        nodes("node.label=zone=east", "n1"),
        nodes("node.label=zone=east node.label=ssd", "n1"),
        nodes("node.label=zone=west"),
        nodes("label=kernel", "n1"),
        nodes("role=worker id=n2", "n2"),
        nodes("role=manager"),
        nodes("membership=accepted", "n1", "n2"),
        nodes("membership=pending"),
        tasks("", "t1", "t2", "t3"),
        tasks("service=web", "t1", "t2"),
        tasks("service=s-web node=alpha", "t1"),
        tasks("node=n1", "t3", "t1"),
        tasks("service=s-gone"),
        tasks("desired-state=running", "t1", "t3"),
        tasks("desired-state=shutdown", "t2"),
        tasks("name=web.2", "t2"),
        tasks("name=agent.n1", "t3"),
        tasks("id=t2 id=t3", "t2", "t3"),
        tasks("_up-to-date=true", "t2", "t3"),
        tasks("_up-to-date=false", "t1"),
        tasks("label=tier", "t1", "t2"));
  }

  @ParameterizedTest
  @MethodSource("choices")
  void filtersChooseAsDockersDo(ObjectKind kind, String filters, List<String> expected)
      throws Exception {
    assertThat(ids(list(STATE, kind, filters))).isEqualTo(expected);
  }

  @Test
  void anUnknownFilterIsNamedWithThoseThereAre() {
    for (var kind :
        List.of(
            ObjectKind.OBJECT_KIND_NODE,
            ObjectKind.OBJECT_KIND_SERVICE,
            ObjectKind.OBJECT_KIND_TASK)) {
      assertThatThrownBy(() -> list(STATE, kind, "foo=1"))
          .isInstanceOf(Rejection.class)
          .hasMessageStartingWith("invalid filter 'foo': use one of ")
          .hasMessageContaining("id");
    }
  }

  @Test
  void aValueThatAFilterDoesNotKnowIsNamed() {
    assertThatThrownBy(() -> list(STATE, ObjectKind.OBJECT_KIND_TASK, "desired-state=dead"))
        .hasMessageStartingWith("invalid filter 'desired-state=dead': use one of ");
    assertThatThrownBy(() -> list(STATE, ObjectKind.OBJECT_KIND_TASK, "_up-to-date=maybe"))
        .hasMessageContaining("use true or false");
    assertThatThrownBy(() -> list(STATE, ObjectKind.OBJECT_KIND_TASK, "service=nope"))
        .hasMessage("service nope not found");
  }

  @Test
  void aListedTaskCarriesTheSpecItRuns() throws Exception {
    var pages = list(STATE, ObjectKind.OBJECT_KIND_TASK, "id=t1");
    var detail = pages.getFirst().getTaskDetails(0);
    assertThat(detail.getServiceName()).isEqualTo("web");
    assertThat(detail.getSpec()).isEqualTo(Specs.process("true"));
  }

  @Test
  void aServicesStatusCountsItsTasks() throws Exception {
    var request =
        ListRequest.newBuilder().setKind(ObjectKind.OBJECT_KIND_SERVICE).setWithStatus(true);
    var pages = new ArrayList<ListResponse>();
    Listing.send(STATE, request.build(), List.of(), pages::add);
    var agent = pages.getFirst().getServiceStatuses(0);
    assertThat(agent.getRunningTasks()).isEqualTo(1);
    assertThat(agent.getDesiredTasks()).isEqualTo(1);
    var web = pages.getFirst().getServiceStatuses(1);
    assertThat(web.getRunningTasks()).isEqualTo(1);
    assertThat(web.getDesiredTasks()).isEqualTo(3);
    assertThat(web.getCompletedTasks()).isEqualTo(1);
  }

  @Test
  void whatANodeThatIsDownOrGoneRanDoesNotCountAsRunning() throws Exception {
    var store = new InMemoryStore(STATE);
    var down = Objects.requireNonNull(STATE.node("n1")).toBuilder();
    down.getStatusBuilder().setState(NodeState.NODE_STATE_DOWN);
    store.commit(
        ChangeSets.of(
            Instant.EPOCH,
            List.of(
                ChangeSets.update(down.build()),
                ChangeSets.create(task("t4", "s-web", 3, "gone", TaskState.TASK_STATE_RUNNING)),
                ChangeSets.create(task("t5", "s-web", 4, "n2", TaskState.TASK_STATE_RUNNING)))));
    var request =
        ListRequest.newBuilder().setKind(ObjectKind.OBJECT_KIND_SERVICE).setWithStatus(true);
    var pages = new ArrayList<ListResponse>();
    Listing.send(store.state(), request.build(), List.of(), pages::add);
    assertThat(pages.getFirst().getServiceStatuses(0).getRunningTasks()).isZero();
    var web = pages.getFirst().getServiceStatuses(1);
    assertThat(web.getRunningTasks()).isEqualTo(1);
    assertThat(web.getDesiredTasks()).isEqualTo(3);
    assertThat(web.getCompletedTasks()).isEqualTo(1);
  }

  @Test
  void aLongListComesInPagesAndAnEmptyOneTellsTheIndex() throws Exception {
    var store = new InMemoryStore(STATE);
    var changes = new ArrayList<Change>();
    for (var i = 0; i < Listing.PAGE_OBJECTS; i++) {
      changes.add(ChangeSets.create(worker("x%04d".formatted(i), "h")));
    }
    store.commit(ChangeSets.of(Instant.EPOCH, changes));
    var pages = list(store.state(), ObjectKind.OBJECT_KIND_NODE, "");
    assertThat(pages).hasSize(2);
    assertThat(pages.getFirst().getObjectsCount()).isEqualTo(Listing.PAGE_OBJECTS);
    assertThat(ids(pages)).hasSize(Listing.PAGE_OBJECTS + 2);
    var none = list(store.state(), ObjectKind.OBJECT_KIND_NODE, "name=zzz");
    assertThat(none).singleElement().extracting(ListResponse::getIndex).isEqualTo(2L);
  }

  private static Arguments services(String filters, String... expected) {
    return Arguments.of(ObjectKind.OBJECT_KIND_SERVICE, filters, List.of(expected));
  }

  private static Arguments nodes(String filters, String... expected) {
    return Arguments.of(ObjectKind.OBJECT_KIND_NODE, filters, List.of(expected));
  }

  private static Arguments tasks(String filters, String... expected) {
    return Arguments.of(ObjectKind.OBJECT_KIND_TASK, filters, List.of(expected));
  }

  private static List<ListResponse> list(ClusterState state, ObjectKind kind, String filters)
      throws Rejection, InterruptedException {
    var request = ListRequest.newBuilder().setKind(kind);
    for (var filter : filters.split(" ", -1)) {
      var equals = filter.indexOf('=');
      if (equals > 0) {
        request.addFilters(
            Filter.newBuilder()
                .setName(filter.substring(0, equals))
                .addValues(filter.substring(equals + 1)));
      }
    }
    var pages = new ArrayList<ListResponse>();
    Listing.send(state, request.build(), List.of(), pages::add);
    return pages;
  }

  private static List<String> ids(List<ListResponse> pages) {
    return pages.stream()
        .flatMap(page -> page.getObjectsList().stream())
        .map(
            object ->
                switch (object.getObjectCase()) {
                  case NODE -> object.getNode().getId();
                  case SERVICE -> object.getService().getId();
                  case TASK -> object.getTask().getId();
                  case CLUSTER -> object.getCluster().getId();
                  case OBJECT_NOT_SET -> "";
                })
        .toList();
  }
}
