package dev.skein.cli.value;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A port of a service that is reachable from outside.
///
/// @param published the port on the nodes, 1-65535; 0 when the cluster shall choose
/// @param target the port that the task listens on, 1-65535
/// @param protocol `tcp`, `udp` or `sctp`
/// @param mode `ingress` (every node, balanced) or `host` (the task's node only)
public record PublishedPort(int published, int target, String protocol, String mode) {
  /// The most ports that one range may give.
  public static final int RANGE_MAX = 1024;

  /// Reads the short form (`8080:80/udp`, `80`, `8000-8002:80-82`) or the long one
  /// (`published=8080,target=80,protocol=tcp,mode=ingress`).
  ///
  /// @return one port, or those of a range
  /// @throws IllegalArgumentException naming the offending part
  public static List<PublishedPort> parse(String text) {
    return text.indexOf('=') >= 0 ? parseLong(text) : parseShort(text);
  }

  private static List<PublishedPort> parseLong(String text) {
    String published = "";
    String target = "";
    String protocol = "tcp";
    String mode = "ingress";
    for (String field : text.split(",", -1)) {
      int equals = field.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException("invalid field " + field + ": want key=value");
      }
      String value = field.substring(equals + 1).strip().toLowerCase(Locale.ROOT);
      switch (field.substring(0, equals).strip().toLowerCase(Locale.ROOT)) {
        case "published", "published_port" -> published = value;
        case "target", "target_port" -> target = value;
        case "protocol" -> protocol = checkProtocol(value);
        case "mode" -> mode = checkMode(value);
        default ->
            throw new IllegalArgumentException(
                "invalid field key "
                    + field.substring(0, equals)
                    + ": one of published, target, protocol, mode");
      }
    }
    if (target.isEmpty()) {
      throw new IllegalArgumentException("missing mandatory field \"target\" in " + text);
    }
    return expand(text, published, target, protocol, mode);
  }

  private static List<PublishedPort> parseShort(String text) {
    String ports = text;
    String protocol = "tcp";
    int slash = text.indexOf('/');
    if (slash >= 0) {
      protocol = checkProtocol(text.substring(slash + 1).toLowerCase(Locale.ROOT));
      ports = text.substring(0, slash);
    }
    int colon = ports.indexOf(':');
    if (colon >= 0 && ports.indexOf(':', colon + 1) >= 0) {
      throw new IllegalArgumentException(
          "host IP is not supported in " + text + ": use published:target");
    }
    return expand(
        text,
        colon < 0 ? "" : ports.substring(0, colon),
        ports.substring(colon + 1),
        protocol,
        "ingress");
  }

  private static List<PublishedPort> expand(
      String text, String published, String target, String protocol, String mode) {
    int[] targets = range(target, "target");
    int[] outside = published.isEmpty() ? new int[] {0, 0} : range(published, "published");
    int count = targets[1] - targets[0] + 1;
    if (!published.isEmpty() && outside[1] - outside[0] + 1 != count) {
      throw new IllegalArgumentException(
          "invalid ranges in " + text + ": published and target must have the same length");
    }
    List<PublishedPort> all = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int port = published.isEmpty() || outside[0] == 0 ? 0 : outside[0] + i;
      all.add(new PublishedPort(port, targets[0] + i, protocol, mode));
    }
    return all;
  }

  private static int[] range(String text, String which) {
    int dash = text.indexOf('-');
    int from = port(dash < 0 ? text : text.substring(0, dash), which);
    int to = dash < 0 ? from : port(text.substring(dash + 1), which);
    if (to < from || to - from >= RANGE_MAX) {
      throw new IllegalArgumentException(
          "invalid " + which + " port range: " + text + " (at most " + RANGE_MAX + " ports)");
    }
    return new int[] {from, to};
  }

  private static int port(String text, String which) {
    try {
      int port = Integer.parseInt(text);
      if (port >= (which.equals("published") ? 0 : 1) && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException(
        "invalid " + which + " port: \"" + text + "\" (a number from 1 to 65535)");
  }

  private static String checkProtocol(String value) {
    return switch (value) {
      case "tcp", "udp", "sctp" -> value;
      default ->
          throw new IllegalArgumentException(
              "invalid protocol value '" + value + "': one of tcp, udp, sctp");
    };
  }

  private static String checkMode(String value) {
    return switch (value) {
      case "ingress", "host" -> value;
      default ->
          throw new IllegalArgumentException(
              "invalid publish mode value '" + value + "': one of ingress, host");
    };
  }

  /// The port as the API has it.
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.addProperty("Protocol", protocol);
    json.addProperty("TargetPort", target);
    if (published != 0) {
      json.addProperty("PublishedPort", published);
    }
    json.addProperty("PublishMode", mode);
    return json;
  }
}
