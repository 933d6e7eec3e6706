package dev.skein.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/// Addresses as numbers: nothing here ever asks a name server.
public final class NumericAddress {

  private NumericAddress() {}

  /// Reads `192.0.2.1` or `2001:db8::1`, the latter also in brackets. Names, and the short forms
  /// of IPv4 that some programs take, are refused.
  public static Optional<InetAddress> parse(String text) {
    var bare =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    var numeric =
        bare.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}")
            || (bare.contains(":") && bare.matches("[0-9A-Fa-f:.]+"));
    if (!numeric) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.ofLiteral(bare));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address of " + bytes.length + " bytes", e);
    }
  }
}
