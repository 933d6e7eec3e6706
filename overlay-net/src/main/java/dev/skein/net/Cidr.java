package dev.skein.net;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;

/// A range of IPv4 or IPv6 addresses, such as `10.0.0.0/8`.
///
/// @param network its first address: the bits beyond the prefix are 0
/// @param prefixLength 0 to 32 or 128
public record Cidr(InetAddress network, int prefixLength) {

  /// Checks the length and clears the bits beyond it.
  public Cidr {
    var bits = network.getAddress().length * 8;
    if (prefixLength < 0 || prefixLength > bits) {
      throw new IllegalArgumentException(
          "prefix length " + prefixLength + " is not between 0 and " + bits);
    }
    network = NumericAddress.of(masked(network.getAddress(), prefixLength));
  }

  /// Reads `ADDRESS/LENGTH`. Throws [IllegalArgumentException] that quotes the text.
  public static Cidr parse(String text) {
    var slash = text.indexOf('/');
    if (slash < 0 || !text.substring(slash + 1).matches("[0-9]{1,3}")) {
      throw new IllegalArgumentException(
          "invalid CIDR address \"" + text + "\": use ADDRESS/LENGTH such as 10.0.0.0/8");
    }
    var address = NumericAddress.parse(text.substring(0, slash));
    if (address.isEmpty()) {
      throw new IllegalArgumentException(
          "invalid CIDR address \""
              + text
              + "\": \""
              + text.substring(0, slash)
              + "\" is no address");
    }
    try {
      return new Cidr(address.get(), Integer.parseInt(text.substring(slash + 1)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "invalid CIDR address \"" + text + "\": " + e.getMessage(), e);
    }
  }

  /// Whether the range holds the address; never one of the other family.
  public boolean contains(InetAddress address) {
    var bytes = address.getAddress();
    return bytes.length == network.getAddress().length
        && Arrays.equals(masked(bytes, prefixLength), network.getAddress());
  }

  /// Whether the two ranges have an address in common.
  public boolean overlaps(Cidr other) {
    return contains(other.network) || other.contains(network);
  }

  /// Whether this is a range of IPv4 addresses.
  public boolean isIpv4() {
    return network instanceof Inet4Address;
  }

  @Override
  public String toString() {
    return network.getHostAddress() + "/" + prefixLength;
  }

  private static byte[] masked(byte[] bytes, int prefixLength) {
    var masked = bytes.clone();
    for (var i = 0; i < masked.length; i++) {
      var bits = Math.clamp(prefixLength - i * 8L, 0, 8);
      masked[i] &= (byte) (0xFF << (8 - bits));
    }
    return masked;
  }
}
