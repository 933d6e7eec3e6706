package dev.skein.net;

import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The address under which a node tells the others to reach it. Wording and rules follow Docker's
/// `--advertise-addr`.
public final class NodeAddress {

  private static final String FLAG = "--advertise-addr";
  private static final int MAX_PORT = 65_535;

  private final Supplier<List<Interface>> interfaces;

  /// Uses the interfaces of this machine.
  public NodeAddress() {
    this(NodeAddress::systemInterfaces);
  }

  /// @param interfaces the interfaces that are up
  NodeAddress(Supplier<List<Interface>> interfaces) {
    this.interfaces = interfaces;
  }

  /// An interface that is up.
  ///
  /// @param name its name, such as `eth0`
  /// @param addresses without link-local ones
  record Interface(String name, List<InetAddress> addresses) {}

  /// Resolves `IP`, `IP:PORT`, `INTERFACE` or `INTERFACE:PORT`; an empty text is the machine's
  /// only address. Throws [IllegalArgumentException] with what to do.
  ///
  /// @param text what the user gave, or empty
  /// @param defaultPort the port when the text has none
  public InetSocketAddress resolve(String text, int defaultPort) {
    if (text.isEmpty()) {
      return new InetSocketAddress(detect(), defaultPort);
    }
    var whole = NumericAddress.parse(text);
    if (whole.isPresent()) {
      return new InetSocketAddress(usable(whole.get(), text), defaultPort);
    }
    var colon = text.lastIndexOf(':');
    var host = colon < 0 ? text : text.substring(0, colon);
    var port = colon < 0 ? defaultPort : port(text.substring(colon + 1), text);
    var address = NumericAddress.parse(host);
    return new InetSocketAddress(
        address.isPresent() ? usable(address.get(), text) : ofInterface(host, text), port);
  }

  /// The only address of this machine that others can reach. IPv4 goes before IPv6.
  public InetAddress detect() {
    var found = new ArrayList<InetAddress>();
    var names = new ArrayList<String>();
    for (var candidate : interfaces.get()) {
      for (var address : preferred(candidate)) {
        found.add(address);
        names.add(candidate.name());
      }
    }
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "could not find the system's IP address - specify one with " + FLAG);
    }
    if (found.size() > 1) {
      var sameInterface = names.get(0).equals(names.get(1));
      throw new IllegalArgumentException(
          "could not choose an IP address to advertise since this system has multiple addresses on "
              + (sameInterface
                  ? "interface "
                      + names.get(0)
                      + " ("
                      + text(found.get(0))
                      + " and "
                      + text(found.get(1))
                      + ")"
                  : "different interfaces ("
                      + text(found.get(0))
                      + " on "
                      + names.get(0)
                      + " and "
                      + text(found.get(1))
                      + " on "
                      + names.get(1)
                      + ")")
              + " - specify one with "
              + FLAG);
    }
    return found.getFirst();
  }

  private static List<InetAddress> preferred(Interface candidate) {
    var usable = candidate.addresses().stream().filter(a -> !a.isLoopbackAddress()).toList();
    var ipv4 = usable.stream().filter(Inet4Address.class::isInstance).toList();
    return ipv4.isEmpty() ? usable : ipv4;
  }

  private InetAddress ofInterface(String name, String text) {
    var named =
        interfaces.get().stream().filter(candidate -> candidate.name().equals(name)).findFirst();
    if (named.isEmpty()) {
      throw new IllegalArgumentException(
          "advertise address \""
              + text
              + "\" must be a non-zero IP address or network interface (with optional port number);"
              + " this system has no interface \""
              + name
              + "\" that is up");
    }
    var all = named.get().addresses();
    var ipv4 = all.stream().filter(Inet4Address.class::isInstance).toList();
    var choices = ipv4.isEmpty() ? all : ipv4;
    if (choices.isEmpty()) {
      throw new IllegalArgumentException("interface " + name + " has no usable IP address");
    }
    if (choices.size() > 1) {
      throw new IllegalArgumentException(
          "interface "
              + name
              + " has more than one IP address ("
              + text(choices.get(0))
              + " and "
              + text(choices.get(1))
              + ") - specify one with "
              + FLAG);
    }
    return choices.getFirst();
  }

  private static InetAddress usable(InetAddress address, String text) {
    if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
      throw new IllegalArgumentException(
          "advertise address \"" + text + "\" must be a non-zero IP address or network interface");
    }
    return address;
  }

  private static int port(String digits, String text) {
    var port =
        Optional.of(digits).filter(d -> d.matches("[0-9]{1,5}")).map(Integer::parseInt).orElse(0);
    if (port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException(
          "invalid port \"" + digits + "\" in address \"" + text + "\": use 1 to 65535");
    }
    return port;
  }

  private static String text(InetAddress address) {
    return address.getHostAddress().replaceFirst("%.*", "");
  }

  private static List<Interface> systemInterfaces() {
    try {
      var up = new ArrayList<Interface>();
      for (var candidate : NetworkInterface.networkInterfaces().toList()) {
        if (candidate.isUp()) {
          Stream<InetAddress> addresses =
              candidate.inetAddresses().filter(address -> !address.isLinkLocalAddress());
          up.add(new Interface(candidate.getName(), addresses.toList()));
        }
      }
      return up;
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }
}
