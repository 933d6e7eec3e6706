package dev.skein.manager.schedule;

import static dev.skein.manager.plan.World.replicated;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.Capability;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Placement;
import dev.skein.proto.v1.PlacementPreference;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Resources;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.SpreadPreference;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SchedulePlannerTest {
  private final World world = new World();

  private static ServiceSpec.Builder placed(String name, long replicas, Placement.Builder place) {
    var spec = replicated(name, replicas);
    spec.getTaskTemplateBuilder().setPlacement(place);
    return spec;
  }

  private static ServiceSpec.Builder reserving(String name, long replicas, long memoryBytes) {
    var spec = replicated(name, replicas);
    spec.getTaskTemplateBuilder()
        .getResourcesBuilder()
        .setReservations(Resources.newBuilder().setMemoryBytes(memoryBytes));
    return spec;
  }

  private static ServiceSpec.Builder hostPort(String name, long replicas, int port) {
    var spec = replicated(name, replicas);
    spec.getEndpointSpecBuilder()
        .addPorts(
            PortConfig.newBuilder()
                .setTargetPort(80)
                .setPublishedPort(port)
                .setPublishMode(PublishMode.PUBLISH_MODE_HOST));
    return spec;
  }

  private Map<String, Long> perNode(String service) {
    return world.live(service).stream().collect(groupingBy(Task::getNodeId, counting()));
  }

  private String reason(String service) {
    return world.live(service).stream()
        .filter(task -> task.getStatus().getState() == TaskState.TASK_STATE_PENDING)
        .findFirst()
        .orElseThrow()
        .getStatus()
        .getErr();
  }

  @Test
  void tasksOfAServiceAreSpreadOverTheNodesAndThenOverTheLeastLoaded() {
    world.nodes("a", "b", "c").create(replicated("one", 1)).settle();
    world.create(replicated("web", 5)).settle();
    assertThat(perNode("web").values()).containsExactlyInAnyOrder(1L, 2L, 2L);
    var loaded = world.slot("one", 1).getNodeId();
    assertThat(perNode("web")).containsEntry(loaded, 1L);
  }

  @Test
  void eachFilterTellsHowManyNodesItRefusedTheMostFirst() {
    world
        .nodes("a", "b", "c", "d", "e", "f", "g")
        .nodeState("a", NodeState.NODE_STATE_DOWN)
        .availability("b", NodeAvailability.NODE_AVAILABILITY_PAUSE)
        .node(
            "c",
            node ->
                node.setDescription(
                    node.getDescription().toBuilder()
                        .setCapabilities(
                            0, Capability.newBuilder().setName("process").setReason("none"))))
        .label("d", "zone", "east")
        .label("e", "zone", "east");
    var spec = reserving("web", 1, Long.MAX_VALUE / 4);
    spec.getTaskTemplateBuilder().getPlacementBuilder().addConstraints("node.labels.zone==east");
    world.create(spec).settle();
    assertThat(reason("web"))
        .isEqualTo(
            "no suitable node (insufficient resources on 2 nodes; scheduling constraints not"
                + " satisfied on 2 nodes; 1 node not ready; 1 node not available for new tasks;"
                + " runtime process not available on 1 node)");
  }

  @Test
  void aClusterWithoutNodesHasNoSuitableOne() {
    world.create(replicated("web", 1)).settle();
    assertThat(reason("web")).isEqualTo("no suitable node");
  }

  @Test
  void aContainerStaysPendingWhereNoNodeCanRunOne() {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder().setRuntime("");
    world.nodes("a", "b").create(spec).settle();
    assertThat(reason("web"))
        .isEqualTo("no suitable node (runtime container not available on 2 nodes)");
  }

  @Test
  void reservationsAreNeverExceededAndFreedRoomIsUsed() {
    world.nodes("a").create(reserving("big", 3, 2_000_000_000L)).work();
    assertThat(world.running("big")).hasSize(2);
    assertThat(reason("big")).isEqualTo("no suitable node (insufficient resources on 1 node)");
    world.create(reserving("other", 1, 1L)).work();
    assertThat(world.running("other")).isEmpty();
    world.scale("big", 1).work();
    assertThat(world.running("big")).hasSize(1);
    assertThat(world.running("other")).hasSize(1);
  }

  @Test
  void aHostPortIsTakenByOneTaskPerNode() {
    world.nodes("a", "b").create(hostPort("web", 3, 8080)).work();
    assertThat(perNode("web")).containsEntry("a", 1L).containsEntry("b", 1L);
    assertThat(reason("web"))
        .isEqualTo("no suitable node (host-mode port already in use on 2 nodes)");
  }

  @Test
  void aHostPortIsFreeOnlyWhenTheTaskThatHadItHasStopped() {
    world.nodes("a").create(hostPort("one", 1, 8080)).work();
    world.scale("one", 0).create(hostPort("two", 1, 8080)).settle();
    assertThat(reason("two")).contains("host-mode port already in use");
    world.work();
    assertThat(world.running("two")).hasSize(1);
  }

  @Test
  void noNodeGetsMoreThanTheMostReplicas() {
    world.nodes("a", "b").create(placed("web", 5, Placement.newBuilder().setMaxReplicas(2))).work();
    assertThat(perNode("web")).containsEntry("a", 2L).containsEntry("b", 2L);
    assertThat(reason("web"))
        .isEqualTo("no suitable node (max replicas per node limit exceeded on 2 nodes)");
  }

  @Test
  void aPlatformIsMatchedByEitherNameOfItsArchitecture() {
    var amd64 =
        Placement.newBuilder()
            .addPlatforms(Platform.newBuilder().setOs("linux").setArchitecture("amd64"));
    var arm64 =
        Placement.newBuilder()
            .addPlatforms(Platform.newBuilder().setOs("linux").setArchitecture("arm64"));
    world.nodes("a").create(placed("x", 1, amd64)).create(placed("y", 1, arm64)).work();
    assertThat(world.running("x")).hasSize(1);
    assertThat(reason("y")).isEqualTo("no suitable node (unsupported platform on 1 node)");
  }

  @Test
  void aPendingTaskIsPlacedWhenANodeChangesSoThatItFits() {
    var east = Placement.newBuilder().addConstraints("node.labels.zone==east");
    world.nodes("a").create(placed("web", 1, east)).settle();
    assertThat(reason("web")).contains("constraints");
    world.label("a", "zone", "east").settle();
    var task = world.slot("web", 1);
    assertThat(task.getNodeId()).isEqualTo("a");
    assertThat(task.getStatus().getErr()).isEmpty();
  }

  @Test
  void preferencesSpreadOverLabelValuesFromTheOutermostIn() {
    world.nodes("a", "b", "c", "d", "e");
    for (var node : new String[] {"a", "b", "c", "d"}) {
      world.label(node, "zone", "big");
    }
    world.label("e", "zone", "small").label("a", "rack", "1").label("b", "rack", "1");
    world.label("c", "rack", "1").label("d", "rack", "2");
    world.create(
        placed(
            "web",
            8,
            Placement.newBuilder()
                .addPreferences(spread("node.labels.zone"))
                .addPreferences(spread("node.labels.rack"))));
    world.settle();
    assertThat(perNode("web")).containsEntry("e", 4L).containsEntry("d", 2L);
  }

  private static PlacementPreference spread(String label) {
    return PlacementPreference.newBuilder()
        .setSpread(SpreadPreference.newBuilder().setSpreadDescriptor(label))
        .build();
  }

  @Test
  void aNodeWhereAServiceKeepsFailingIsAvoidedForItForAWhile() {
    world.cluster(100).nodes("a", "b", "c").create(replicated("web", 3)).work();
    for (var failure = 0; failure < NodeUse.FAILURES_MIN; failure++) {
      world.availability("b", NodeAvailability.NODE_AVAILABILITY_PAUSE);
      world.availability("c", NodeAvailability.NODE_AVAILABILITY_PAUSE);
      world.fail(world.on("web", "a")).passWorking(Duration.ofSeconds(5));
    }
    world.availability("b", NodeAvailability.NODE_AVAILABILITY_ACTIVE);
    world.availability("c", NodeAvailability.NODE_AVAILABILITY_ACTIVE);
    world.fail(world.on("web", "a")).passWorking(Duration.ofSeconds(5));
    assertThat(perNode("web")).doesNotContainKey("a");
    world.passWorking(NodeUse.FAILURE_MEMORY).scale("web", 4).work();
    assertThat(perNode("web")).containsEntry("a", 1L);
  }

  @Test
  void anUnreadableConstraintPlacesNothing() {
    world.nodes("a").create(placed("web", 1, Placement.newBuilder().addConstraints("?"))).settle();
    assertThat(reason("web")).contains("scheduling constraints not satisfied on 1 node");
  }
}
