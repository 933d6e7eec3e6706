package dev.skein.worker.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.mesh.Endpoint;
import dev.skein.mesh.Protocol;
import dev.skein.mesh.PublishedPort;
import dev.skein.proto.v1.MeshEndpoint;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.PortConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EndpointTablesTest {

  private static PortConfig port(int published, int target) {
    return PortConfig.newBuilder().setPublishedPort(published).setTargetPort(target).build();
  }

  private static MeshEndpoint endpoint(String task, boolean draining, PortConfig... ports) {
    return MeshEndpoint.newBuilder()
        .setTaskId(task)
        .setAddr("127.0.0.2")
        .addAllPorts(List.of(ports))
        .setDraining(draining)
        .build();
  }

  private static MeshService service(String id, List<PortConfig> ports, MeshEndpoint... endpoints) {
    return MeshService.newBuilder()
        .setServiceId(id)
        .addAllPorts(ports)
        .addAllEndpoints(List.of(endpoints))
        .build();
  }

  @Test
  void eachPublishedPortLeadsToWhatTheNodesAssignedToItsTarget() {
    var tables =
        EndpointTables.of(
            List.of(
                service(
                    "s1",
                    List.of(port(8080, 80), port(8443, 443)),
                    endpoint("t1", false, port(20_001, 80), port(20_002, 443)),
                    endpoint("t2", true, port(20_003, 80), port(20_004, 443)))));

    assertThat(tables.table().ports())
        .containsExactly(
            new PublishedPort(
                "s1",
                8080,
                Protocol.TCP,
                List.of(
                    new Endpoint("t1", "127.0.0.2", 20_001, Endpoint.State.READY),
                    new Endpoint("t2", "127.0.0.2", 20_003, Endpoint.State.DRAINING))),
            new PublishedPort(
                "s1",
                8443,
                Protocol.TCP,
                List.of(
                    new Endpoint("t1", "127.0.0.2", 20_002, Endpoint.State.READY),
                    new Endpoint("t2", "127.0.0.2", 20_004, Endpoint.State.DRAINING))));
    assertThat(tables.unreachable()).isEmpty();
  }

  @Test
  void aServiceThatIsBeingRemovedLeavesItsPortToItsSuccessor() {
    var old = service("old", List.of(port(8080, 80)), endpoint("t1", true, port(20_001, 80)));
    var successor =
        service("new", List.of(port(8080, 80)), endpoint("t2", false, port(20_002, 80)));

    for (var order : List.of(List.of(old, successor), List.of(successor, old))) {
      assertThat(EndpointTables.of(order).table().ports())
          .singleElement()
          .satisfies(
              published -> {
                assertThat(published.serviceId()).isEqualTo("new");
                assertThat(published.endpoints())
                    .extracting(Endpoint::taskId)
                    .containsExactlyInAnyOrder("t1", "t2");
              });
    }
  }

  @Test
  void aDrainingEndpointThatNoPortLeadsToIsLetGoAtOnce() {
    var tables =
        EndpointTables.of(
            List.of(
                service(
                    "s1",
                    List.of(port(8080, 80)),
                    endpoint("moved", true, port(20_001, 81)),
                    endpoint("portless", false))));

    assertThat(tables.table().ports().getFirst().endpoints()).isEmpty();
    assertThat(tables.unreachable()).containsExactly("moved");
  }
}
