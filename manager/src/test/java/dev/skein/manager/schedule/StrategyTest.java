package dev.skein.manager.schedule;

import static dev.skein.manager.plan.World.replicated;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.DiscreteGenericResource;
import dev.skein.proto.v1.GenericResource;
import dev.skein.proto.v1.GlobalMode;
import dev.skein.proto.v1.NamedGenericResource;
import dev.skein.proto.v1.PlacementStrategy;
import dev.skein.proto.v1.Resources;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ChangeSets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// How nodes are ranked, and generic resources.
class StrategyTest {
  private static final long GB = 1_000_000_000L;

  private final World world = new World();

  private static ServiceSpec.Builder reserving(String name, int replicas, long cpus, long memory) {
    var spec = replicated(name, replicas);
    spec.getTaskTemplateBuilder()
        .getResourcesBuilder()
        .setReservations(Resources.newBuilder().setNanoCpus(cpus * GB).setMemoryBytes(memory * GB));
    return spec;
  }

  private static ServiceSpec.Builder packed(ServiceSpec.Builder spec) {
    spec.getTaskTemplateBuilder()
        .getPlacementBuilder()
        .setStrategy(PlacementStrategy.PLACEMENT_STRATEGY_BINPACK);
    return spec;
  }

  private static ServiceSpec.Builder gpus(String name, int replicas, int each) {
    var spec = replicated(name, replicas);
    spec.getTaskTemplateBuilder()
        .getResourcesBuilder()
        .getReservationsBuilder()
        .addGenericResources(discrete("gpu", each));
    return spec;
  }

  private static GenericResource discrete(String kind, long count) {
    return GenericResource.newBuilder()
        .setDiscreteResourceSpec(DiscreteGenericResource.newBuilder().setKind(kind).setValue(count))
        .build();
  }

  private static GenericResource named(String kind, String name) {
    return GenericResource.newBuilder()
        .setNamedResourceSpec(NamedGenericResource.newBuilder().setKind(kind).setValue(name))
        .build();
  }

  private void nodeWith(String name, GenericResource... resources) {
    world.node(
        name,
        node -> {
          node.getDescriptionBuilder()
              .getResourcesBuilder()
              .addAllGenericResources(List.of(resources));
          return node;
        });
  }

  private Map<String, Long> perNode(String service) {
    return world.live(service).stream()
        .filter(task -> task.getStatus().getState() != TaskState.TASK_STATE_PENDING)
        .collect(groupingBy(Task::getNodeId, counting()));
  }

  @Test
  void aTaskGoesToTheNodeWithTheLeastReservedNotToTheOneWithTheFewestTasks() {
    world.nodes("a", "b").create(reserving("big", 1, 0, 3)).work();
    var loaded = world.slot("big", 1).getNodeId();
    world.create(replicated("small", 4)).work();
    assertThat(perNode("small")).containsEntry(loaded, 2L);
    world.create(reserving("next", 1, 1, 0)).work();
    assertThat(world.slot("next", 1).getNodeId()).isNotEqualTo(loaded);
  }

  @Test
  void cpuRanksNodesAsMemoryDoes() {
    world.nodes("a", "b").create(reserving("cpu", 1, 3, 0)).work();
    world.create(reserving("memory", 1, 0, 1)).work();
    assertThat(world.slot("memory", 1).getNodeId()).isNotEqualTo(world.slot("cpu", 1).getNodeId());
  }

  @Test
  void packingFillsOneNodeAfterTheOther() {
    world.nodes("a", "b", "c").create(packed(reserving("web", 6, 0, 1))).work();
    assertThat(perNode("web").values()).containsExactlyInAnyOrder(4L, 2L);
    world.create(reserving("spread", 1, 0, 1)).work();
    assertThat(perNode("web")).doesNotContainKey(world.slot("spread", 1).getNodeId());
  }

  @Test
  void theClustersStrategyHoldsForServicesThatNameNone() {
    world.cluster(5).nodes("a", "b", "c");
    var cluster = world.state().cluster();
    assertThat(cluster).isNotNull();
    if (cluster != null) {
      world.change(ChangeSets.update(packing(cluster)));
    }
    world.create(reserving("web", 3, 0, 1)).work();
    assertThat(perNode("web")).hasSize(1);
    var spread = reserving("other", 3, 0, 1);
    spread
        .getTaskTemplateBuilder()
        .getPlacementBuilder()
        .setStrategy(PlacementStrategy.PLACEMENT_STRATEGY_SPREAD);
    world.create(spread).work();
    assertThat(perNode("other").size()).isGreaterThan(1);
  }

  private static Cluster packing(Cluster cluster) {
    var packing = cluster.toBuilder();
    packing
        .getSpecBuilder()
        .getOrchestrationBuilder()
        .setPlacementStrategy(PlacementStrategy.PLACEMENT_STRATEGY_BINPACK);
    return packing.build();
  }

  @Test
  void anotherStrategyReplacesNoTask() {
    world.nodes("a", "b").create(reserving("web", 2, 0, 1)).work();
    var before = world.running("web");
    world.update("web", StrategyTest::packed).work();
    assertThat(world.running("web")).containsExactlyElementsOf(before);
  }

  @Test
  void aNumberOfAGenericResourceIsNeverExceededAndIsFreedAgain() {
    nodeWith("a", discrete("gpu", 3));
    world.nodes("b").create(gpus("web", 2, 2)).work();
    assertThat(perNode("web")).containsOnlyKeys("a").containsEntry("a", 1L);
    assertThat(world.running("web").getFirst().getGenericResourcesList())
        .containsExactly(discrete("gpu", 2));
    world.create(gpus("one", 1, 1)).work();
    assertThat(world.running("one")).hasSize(1);
    world.scale("one", 0).scale("web", 0).work();
    world.scale("web", 1).work();
    assertThat(world.running("web")).hasSize(1);
  }

  @Test
  void aTaskIsGivenNamedResourcesThatNoOtherHas() {
    nodeWith("a", named("gpu", "one"), named("gpu", "two"), named("gpu", "three"));
    world.create(gpus("web", 2, 1)).work();
    world.create(gpus("other", 2, 1)).work();
    var given =
        world.running("web").stream().flatMap(t -> t.getGenericResourcesList().stream()).toList();
    assertThat(given).containsExactly(named("gpu", "one"), named("gpu", "two"));
    assertThat(world.running("other").getFirst().getGenericResourcesList())
        .containsExactly(named("gpu", "three"));
    world.changeLeader().scale("web", 1).work();
    assertThat(world.running("other")).hasSize(2);
  }

  @Test
  void aGlobalServicesTasksAreGivenTheirsToo() {
    nodeWith("a", named("gpu", "one"));
    var everywhere = gpus("all", 1, 1);
    everywhere.setMode(ServiceMode.newBuilder().setGlobal(GlobalMode.getDefaultInstance()));
    world.create(everywhere).work().create(gpus("web", 1, 1)).work();
    assertThat(world.running("all").getFirst().getGenericResourcesList())
        .containsExactly(named("gpu", "one"));
    assertThat(world.running("web")).isEmpty();
  }
}
