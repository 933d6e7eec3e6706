package dev.skein.mesh;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class EndpointTableTest {
  @Test
  void aPortThatIsPublishedTwiceIsRefusedWithBothOwners() {
    var one = new PublishedPort("web", 80, Protocol.TCP, List.of());
    var two = new PublishedPort("shop", 80, Protocol.TCP, List.of());
    assertThatThrownBy(() -> new EndpointTable(List.of(one, two)))
        .hasMessageContainingAll("80/tcp", "web", "shop");
  }

  @Test
  void theSamePortOfTwoProtocolsIsTwoPorts() {
    new EndpointTable(
        List.of(
            new PublishedPort("dns", 53, Protocol.TCP, List.of()),
            new PublishedPort("dns", 53, Protocol.UDP, List.of())));
  }

  @Test
  void badEndpointsAreRefusedWithTheirValue() {
    assertThatThrownBy(() -> new Endpoint("t", "localhost", 1, Endpoint.State.READY))
        .hasMessageContainingAll("localhost", "address");
    assertThatThrownBy(() -> new Endpoint("t", "127.0.0.1", 70_000, Endpoint.State.READY))
        .hasMessageContaining("70000");
    assertThatThrownBy(() -> new Endpoint("", "127.0.0.1", 1, Endpoint.State.READY))
        .hasMessageContaining("task id");
    var twice = new Endpoint("t", "127.0.0.1", 1, Endpoint.State.READY);
    assertThatThrownBy(() -> new PublishedPort("web", 80, Protocol.TCP, List.of(twice, twice)))
        .hasMessageContaining("twice");
  }
}
