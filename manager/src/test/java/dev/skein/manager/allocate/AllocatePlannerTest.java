package dev.skein.manager.allocate;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Protocol;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.TaskState;
import java.util.List;
import org.junit.jupiter.api.Test;

class AllocatePlannerTest {
  private final World world = new World().nodes("a");

  private static ServiceSpec.Builder publishing(String name, PortConfig.Builder... ports) {
    var spec = replicated(name, 1);
    for (var port : ports) {
      spec.getEndpointSpecBuilder().addPorts(port);
    }
    return spec;
  }

  private static PortConfig.Builder port(int published, int target) {
    return PortConfig.newBuilder().setPublishedPort(published).setTargetPort(target);
  }

  private List<Integer> published(String service) {
    return world.service(service).getEndpoint().getPortsList().stream()
        .map(PortConfig::getPublishedPort)
        .toList();
  }

  @Test
  void aPortWithoutANumberGetsTheLowestFreeOneOfTheRange() {
    world.create(publishing("one", port(0, 80))).create(publishing("two", port(0, 80))).settle();
    assertThat(published("one")).containsExactly(30_000);
    assertThat(published("two")).containsExactly(30_001);
  }

  @Test
  void protocolsHavePortsOfTheirOwn() {
    world.create(publishing("dns", port(0, 53), port(0, 53).setProtocol(Protocol.PROTOCOL_UDP)));
    world.settle();
    assertThat(published("dns")).containsExactly(30_000, 30_000);
  }

  @Test
  void aServiceKeepsItsPortThroughUpdatesOfItsOthers() {
    world.create(publishing("one", port(0, 80))).create(publishing("two", port(0, 80))).settle();
    world
        .update(
            "two",
            spec -> {
              spec.getEndpointSpecBuilder().addPorts(0, port(0, 81));
              return spec;
            })
        .settle();
    assertThat(published("two")).containsExactly(30_002, 30_001);
  }

  @Test
  void aTakenPortKeepsTheTasksWaitingAndTellsWhoHasIt() {
    world.create(publishing("one", port(8080, 80))).work();
    world.create(publishing("two", port(8080, 80))).settle();
    var waiting = world.slot("two", 1).getStatus();
    assertThat(waiting.getState()).isEqualTo(TaskState.TASK_STATE_NEW);
    assertThat(waiting.getErr()).isEqualTo("published port 8080/tcp is in use by service one");
  }

  @Test
  void aServiceBeingRemovedHoldsItsPortUntilItsTasksAreGone() {
    world.create(publishing("one", port(8080, 80))).work().removeService("one");
    world.create(publishing("two", port(8080, 80))).settle();
    assertThat(world.slot("two", 1).getStatus().getErr()).contains("one, which is being removed");
    world.work();
    assertThat(published("two")).containsExactly(8080);
    assertThat(world.running("two")).hasSize(1);
  }

  @Test
  void whenTheRangeIsUsedUpTheReasonIsVisible() {
    var all = replicated("all", 1);
    for (var target = 1; target <= 2_768; target++) {
      all.getEndpointSpecBuilder().addPorts(port(0, target));
    }
    world.create(all).create(publishing("late", port(0, 80))).settle();
    assertThat(world.slot("late", 1).getStatus().getErr())
        .isEqualTo("no published port is free between 30000 and 32767 for target port 80/tcp");
  }

  @Test
  void hostModePortsAreNotTheClustersToAllocate() {
    var host = port(0, 80).setPublishMode(PublishMode.PUBLISH_MODE_HOST);
    world.create(publishing("web", host)).work();
    assertThat(published("web")).containsExactly(0);
    assertThat(world.running("web")).hasSize(1);
  }
}
