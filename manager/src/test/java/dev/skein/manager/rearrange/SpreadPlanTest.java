package dev.skein.manager.rearrange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.Move;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SpreadPlanTest {
  private final World world = new World();
  private int ids;

  private SpreadPlanTest place(String service, String node, int count) {
    for (var i = 0; i < count; i++) {
      var slot = world.tasks(service).size() + 1;
      world.change(
          ChangeSets.create(
              Task.newBuilder()
                  .setId("t" + ++ids)
                  .setServiceId(service)
                  .setSlot(slot)
                  .setSpecVersion(1)
                  .setNodeId(node)
                  .setDesiredState(TaskState.TASK_STATE_RUNNING)
                  .setStatus(TaskStatus.newBuilder().setState(TaskState.TASK_STATE_RUNNING))
                  .build()));
    }
    return this;
  }

  private List<Move> moves(String service) {
    return SpreadPlan.of(world.state(), world.service(service));
  }

  private Map<String, Integer> after(List<Move> moves, String service) {
    var counts = new TreeMap<String, Integer>();
    var to = new HashMap<String, String>();
    moves.forEach(move -> to.put(move.getTaskId(), move.getToNodeId()));
    for (var task : world.tasks(service)) {
      counts.merge(to.getOrDefault(task.getId(), task.getNodeId()), 1, Integer::sum);
    }
    return counts;
  }

  @Test
  void replicasMoveFromFullNodesToEmptyOnes() {
    world.nodes("a", "b", "c").create(World.replicated("web", 6));
    place("web", "a", 4).place("web", "b", 2);
    var moves = moves("web");
    assertThat(moves).hasSize(2).allMatch(move -> move.getFromNodeId().equals("a"));
    assertThat(after(moves, "web"))
        .containsExactly(Map.entry("a", 2), Map.entry("b", 2), Map.entry("c", 2));
  }

  @Test
  void whatIsSpreadEvenlyStays() {
    world.nodes("a", "b", "c").create(World.replicated("web", 4));
    place("web", "a", 2).place("web", "b", 1).place("web", "c", 1);
    assertThat(moves("web")).isEmpty();
  }

  @Test
  void nodesThatMayNotHaveItGetNothing() {
    var spec = World.replicated("web", 4);
    spec.getTaskTemplateBuilder().getPlacementBuilder().addConstraints("node.labels.disk==ssd");
    world.nodes("a", "b", "c", "d").label("a", "disk", "ssd").label("b", "disk", "ssd");
    world.label("d", "disk", "ssd").availability("d", NodeAvailability.NODE_AVAILABILITY_PAUSE);
    world.create(spec);
    place("web", "a", 4);
    assertThat(after(moves("web"), "web")).containsExactly(Map.entry("a", 2), Map.entry("b", 2));
  }

  @Test
  void aNodeWithoutRoomGetsNothing() {
    var spec = World.replicated("web", 4);
    spec.getTaskTemplateBuilder()
        .getResourcesBuilder()
        .getReservationsBuilder()
        .setMemoryBytes(900_000_000L);
    var big = World.replicated("big", 1);
    big.getTaskTemplateBuilder()
        .getResourcesBuilder()
        .getReservationsBuilder()
        .setMemoryBytes(2_500_000_000L);
    world.nodes("a", "b").create(spec).create(big);
    place("web", "a", 4).place("big", "b", 1);
    assertThat(after(moves("web"), "web")).containsExactly(Map.entry("a", 3), Map.entry("b", 1));
  }

  @Test
  void labelsToSpreadOverComeBeforeNodes() {
    var spec = World.replicated("web", 6);
    spec.getTaskTemplateBuilder()
        .getPlacementBuilder()
        .addPreferencesBuilder()
        .getSpreadBuilder()
        .setSpreadDescriptor("node.labels.zone");
    world.nodes("a", "b", "c").create(spec);
    world.label("a", "zone", "east").label("b", "zone", "east").label("c", "zone", "west");
    place("web", "a", 2).place("web", "b", 2).place("web", "c", 2);
    assertThat(after(moves("web"), "web").get("c")).isEqualTo(3);
  }

  @Test
  void aServiceOfOneReplicaMovesOnlyToEvenNodesOut() {
    world.nodes("a", "b");
    for (var name : List.of("one", "two", "three", "four")) {
      world.create(World.replicated(name, 1));
      place(name, "a", 1);
    }
    assertThat(moves("one")).isEmpty();
    assertThat(SpreadPlan.of(world.state()))
        .hasSize(2)
        .allMatch(move -> move.getToNodeId().equals("b"));
  }

  @Test
  void aServiceThatIsBeingUpdatedStays() {
    world.nodes("a", "b").create(World.replicated("web", 4));
    place("web", "a", 4);
    world.newArgs("web", "new").settle();
    assertThat(moves("web")).isEmpty();
  }

  /// Whatever the cluster: planning ends, every step spreads better than the one before and none
  /// worse, constraints and room hold, and afterwards there is nothing left to plan.
  @Test
  void everyPrefixOfAPlanIsBetterThanTheOneBefore() {
    var random = new SplittableRandom(42);
    for (var run = 0; run < 150; run++) {
      var cluster = randomCluster(random);
      var state = cluster;
      var moves = SpreadPlan.of(state);
      for (var move : moves) {
        var next = moved(state, move);
        assertThat(compare(cost(next), cost(state)))
            .as("run %d: %s after %s", run, move, cost(state))
            .isNegative();
        state = next;
      }
      assertThat(SpreadPlan.of(state)).as("run %d: nothing is left to do", run).isEmpty();
    }
  }

  private ClusterState randomCluster(SplittableRandom random) {
    var fresh = new SpreadPlanTest();
    var nodes = random.nextInt(2, 7);
    for (var node = 0; node < nodes; node++) {
      fresh.world.nodes("n" + node).label("n" + node, "zone", "z" + random.nextInt(3));
    }
    var services = random.nextInt(1, 5);
    for (var service = 0; service < services; service++) {
      var name = "s" + service;
      var replicas = random.nextInt(1, 9);
      fresh.world.create(randomSpec(name, replicas, random));
      for (var i = 0; i < replicas; i++) {
        fresh.place(name, "n" + random.nextInt(nodes), 1);
      }
    }
    return fresh.world.state();
  }

  private static ServiceSpec.Builder randomSpec(
      String name, int replicas, SplittableRandom random) {
    var spec = World.replicated(name, replicas);
    var placement = spec.getTaskTemplateBuilder().getPlacementBuilder();
    if (random.nextInt(3) == 0) {
      placement.addPreferencesBuilder().getSpreadBuilder().setSpreadDescriptor("node.labels.zone");
    }
    if (random.nextInt(4) == 0) {
      placement.addConstraints("node.labels.zone!=z0");
    }
    if (random.nextInt(4) == 0) {
      placement.setMaxReplicas(random.nextInt(1, 4));
    }
    return spec;
  }

  private static ClusterState moved(ClusterState state, Move move) {
    var task = state.task(move.getTaskId());
    assertThat(task).isNotNull();
    if (task == null) {
      throw new AssertionError();
    }
    assertThat(task.getNodeId()).isEqualTo(move.getFromNodeId());
    // A task never changes its node, so it is another one with the same name.
    var there =
        task.toBuilder()
            .clearVersion()
            .clearCreatedAt()
            .clearUpdatedAt()
            .setNodeId(move.getToNodeId())
            .build();
    var changes =
        List.of(
            ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, task.getId()), ChangeSets.create(there));
    var set = ChangeSets.of(new World().now(), changes);
    return state.apply(state.index() + 1, List.of(set)).state();
  }

  /// By level, outermost first: the sum of squares over all services of the replicas at each value
  /// of the level; and last that of the tasks on each node.
  private static long[] cost(ClusterState state) {
    var zones = new HashMap<String, Integer>();
    var nodes = new HashMap<String, Integer>();
    var all = new HashMap<String, Integer>();
    for (var task : state.tasks().values()) {
      var node = state.node(task.getNodeId());
      var service = state.service(task.getServiceId());
      if (node == null || service == null) {
        throw new AssertionError();
      }
      var zoned = service.getSpec().getTaskTemplate().getPlacement().getPreferencesCount() > 0;
      var zone = zoned ? node.getSpec().getLabelsOrDefault("zone", "") : "";
      zones.merge(service.getId() + zone, 1, Integer::sum);
      nodes.merge(service.getId() + "/" + node.getId(), 1, Integer::sum);
      all.merge(node.getId(), 1, Integer::sum);
    }
    var cost = new ArrayList<Long>();
    for (var counts : List.of(zones, nodes, all)) {
      cost.add(counts.values().stream().mapToLong(count -> (long) count * count).sum());
    }
    return cost.stream().mapToLong(Long::longValue).toArray();
  }

  private static int compare(long[] a, long[] b) {
    return Arrays.compare(a, b);
  }
}
