package dev.skein.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.net.NodeAddress.Interface;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {

  private static Interface card(String name, String... addresses) {
    return new Interface(name, Stream.of(addresses).map(InetAddress::ofLiteral).toList());
  }

  private static NodeAddress with(Interface... cards) {
    return new NodeAddress(() -> List.of(cards));
  }

  private final NodeAddress usual =
      with(
          card("lo", "127.0.0.1", "::1"),
          card("eth0", "192.0.2.7", "2001:db8::7"),
          card("eth1"),
          card("eth2", "198.51.100.1", "198.51.100.2"));

  @ParameterizedTest
  @CsvSource({
    "192.0.2.9, 192.0.2.9:2377",
    "192.0.2.9:99, 192.0.2.9:99",
    "127.0.0.3, 127.0.0.3:2377",
    "2001:db8::9, [2001:db8:0:0:0:0:0:9]:2377",
    "[2001:db8::9]:99, [2001:db8:0:0:0:0:0:9]:99",
    "eth0, 192.0.2.7:2377",
    "eth0:99, 192.0.2.7:99",
    "lo, 127.0.0.1:2377",
  })
  void anAddressOrInterfaceIsResolved(String text, String expected) {
    assertThat(usual.resolve(text, 2377)).hasToString("/" + expected);
  }

  @ParameterizedTest
  @CsvSource({
    "eth9, \"eth9\"",
    "eth1, interface eth1 has no usable IP address",
    "eth2, interface eth2 has more than one IP address (198.51.100.1 and 198.51.100.2)",
    "0.0.0.0, must be a non-zero IP address",
    "::, must be a non-zero IP address",
    "eth0:0, invalid port \"0\"",
    "eth0:65536, invalid port \"65536\"",
    "192.0.2.9:http, invalid port \"http\"",
    "256.1.1.1, \"256.1.1.1\"",
    "10.1, \"10.1\"",
    "localhost, \"localhost\"",
  })
  void whatIsNeitherIsRefused(String text, String reason) {
    assertThatThrownBy(() -> usual.resolve(text, 2377))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void theOnlyAddressIsDetected() {
    var node = with(card("lo", "127.0.0.1"), card("eth0", "2001:db8::7", "192.0.2.7"));
    assertThat(node.resolve("", 2377)).hasToString("/192.0.2.7:2377");
  }

  @Test
  void severalAddressesAreForTheUserToChooseFrom() {
    assertThatThrownBy(with(card("eth0", "192.0.2.7", "192.0.2.8"))::detect)
        .hasMessage(
            "could not choose an IP address to advertise since this system has multiple addresses"
                + " on interface eth0 (192.0.2.7 and 192.0.2.8) - specify one with"
                + " --advertise-addr");
    assertThatThrownBy(with(card("eth0", "192.0.2.7"), card("eth1", "192.0.2.8"))::detect)
        .hasMessage(
            "could not choose an IP address to advertise since this system has multiple addresses"
                + " on different interfaces (192.0.2.7 on eth0 and 192.0.2.8 on eth1) - specify one"
                + " with --advertise-addr");
    assertThatThrownBy(with(card("lo", "127.0.0.1"))::detect)
        .hasMessage("could not find the system's IP address - specify one with --advertise-addr");
  }

  @Test
  void thisMachinesLoopbackInterfaceIsFound() {
    assertThat(new NodeAddress().resolve("lo:5", 1)).hasToString("/127.0.0.1:5");
  }

  @Test
  void rangesHoldTheirAddressesOnly() {
    var range = Cidr.parse("10.20.30.40/20");
    assertThat(range).hasToString("10.20.16.0/20");
    assertThat(range.contains(InetAddress.ofLiteral("10.20.31.255"))).isTrue();
    assertThat(range.contains(InetAddress.ofLiteral("10.20.32.0"))).isFalse();
    assertThat(range.contains(InetAddress.ofLiteral("::10.20.31.255"))).isFalse();
    assertThat(Cidr.parse("0.0.0.0/0").contains(InetAddress.ofLiteral("255.1.2.3"))).isTrue();
    var host = Cidr.parse("10.0.0.1/32");
    assertThat(host.contains(InetAddress.ofLiteral("10.0.0.1"))).isTrue();
    assertThat(host.contains(InetAddress.ofLiteral("10.0.0.0"))).isFalse();
    var ipv6 = Cidr.parse("2001:db8::/33");
    assertThat(ipv6.isIpv4()).isFalse();
    assertThat(ipv6.contains(InetAddress.ofLiteral("2001:db8:7fff::1"))).isTrue();
    assertThat(ipv6.contains(InetAddress.ofLiteral("2001:db8:8000::1"))).isFalse();
  }

  @Test
  void rangesOverlapWhenOneHoldsTheOther() {
    assertThat(Cidr.parse("10.0.0.0/8").overlaps(Cidr.parse("10.9.0.0/16"))).isTrue();
    assertThat(Cidr.parse("10.9.0.0/16").overlaps(Cidr.parse("10.0.0.0/8"))).isTrue();
    assertThat(Cidr.parse("10.8.0.0/16").overlaps(Cidr.parse("10.9.0.0/16"))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10.0.0.0", "10.0.0.0/33", "10.0.0/8", "x/8", "::/129", "10.0.0.0/-1", "/8", ""})
  void whatIsNoRangeIsRefused(String text) {
    assertThatThrownBy(() -> Cidr.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("invalid CIDR address \"" + text + "\"");
  }
}
