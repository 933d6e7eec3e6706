package dev.skein.chaos.fault;

import dev.skein.chaos.fault.Fault.Option;
import dev.skein.chaos.lab.DelayLine;
import dev.skein.chaos.lab.Member;
import dev.skein.cli.dev.Isolation;
import dev.skein.cli.dev.SystemCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Networks that lose, cut and slow. Each is a table of the packet filter's, or a queue, in the
/// network namespace of the node that it befalls.
final class NetworkFaults {

  private static final String PERCENT = "100|[1-9][0-9]?";

  private static final String NODES = "[A-Za-z0-9][A-Za-z0-9_.-]*(,[A-Za-z0-9][A-Za-z0-9_.-]*)*";

  private static final Option PEERS =
      new Option(
          "peers",
          "all",
          NODES,
          "the nodes that it is cut off from: all, managers, workers, or names");

  private NetworkFaults() {}

  static List<Fault> all() {
    return List.of(
        cut(
            "partition",
            "The node is cut off from others",
            "No packet reaches the node or leaves it. A leader so cut off must acknowledge nothing,"
                + " and the others elect a new one; a worker keeps its tasks, which run elsewhere"
                + " too until it hears of that.",
            Direction.BOTH),
        cut(
            "partition.in",
            "The node hears nothing from others, but they hear it",
            "Packets to the node are dropped. A leader that is not heard of is replaced; one that"
                + " hears nobody must notice that by itself.",
            Direction.IN),
        cut(
            "partition.out",
            "Others hear nothing from the node, but it hears them",
            "Packets from the node are dropped.",
            Direction.OUT),
        new Fault(
            "loss",
            "The node loses packets",
            "Some of the packets to and from the node are dropped at random. Everything becomes"
                + " slow; nothing may become wrong.",
            List.of(Need.FILTER),
            true,
            List.of(
                PEERS, new Option("percent", "20", PERCENT, "how many of 100 packets are lost")),
            site ->
                filter(
                    site,
                    "ip %s { "
                        + addresses(site)
                        + " } numgen random mod 100 < "
                        + site.number("percent")
                        + " drop",
                    Direction.BOTH)),
        new Fault(
            "reset",
            "The node's connections are reset",
            "Each TCP packet to the node is answered by a reset, as by a firewall that has lost its"
                + " table. Connections must be made again; calls that were under way are not given"
                + " twice.",
            List.of(Need.FILTER),
            true,
            List.of(PEERS),
            site ->
                filter(
                    site,
                    "ip %s { " + addresses(site) + " } meta l4proto tcp reject with tcp reset",
                    Direction.IN)),
        new Fault(
            "rate",
            "The node's network is slow",
            "What the node sends is limited to a rate; a queue before it adds delay.",
            List.of(Need.SHAPER),
            true,
            List.of(new Option("kbit", "1000", "[1-9][0-9]{1,6}", "thousands of bits in a second")),
            NetworkFaults::rate),
        new Fault(
            "delay",
            "The node is far away",
            "Each packet to and from the node is held back for a while, so that an answer takes"
                + " twice as long; with a jitter, packets overtake each other. Everything becomes"
                + " slower and nothing else: nobody who is only far away may be taken for dead.",
            List.of(Need.DELAY),
            true,
            List.of(
                new Option("ms", "100", "[1-9][0-9]{0,3}", "milliseconds, each way"),
                new Option(
                    "jitter", "0", "0|[1-9][0-9]{0,3}", "milliseconds less or more; at most ms")),
            NetworkFaults::delay));
  }

  private enum Direction {
    IN,
    OUT,
    BOTH
  }

  private static Fault cut(String name, String summary, String explanation, Direction direction) {
    return new Fault(
        name,
        summary,
        explanation,
        List.of(Need.FILTER),
        true,
        List.of(PEERS),
        site -> filter(site, "ip %s { " + addresses(site) + " } drop", direction));
  }

  private static String addresses(Site site) throws IOException {
    var peers = site.text("peers");
    var named = List.of(peers.split(",", -1));
    var addresses = addresses(site, peers, named);
    if (addresses.isEmpty()) {
      throw new NotNowException(
          "%s has no other node that is one of \"%s\"".formatted(site.machine().name(), peers));
    }
    return addresses;
  }

  private static String addresses(Site site, String peers, List<String> named) {
    return site.others().stream()
        .filter(
            other ->
                peers.equals("all")
                    || (peers.equals("managers") && other.isManager())
                    || (peers.equals("workers") && !other.isManager())
                    || named.contains(other.name()))
        .map(Member::address)
        .collect(Collectors.joining(", "));
  }

  /// Puts a rule into a table of its own; its `%s` becomes the address that the direction is about.
  private static Injection filter(Site site, String rule, Direction direction) throws IOException {
    var unfiltered = site.machine().unfiltered(site.others());
    if (unfiltered.isPresent()) {
      throw new NotNowException(unfiltered.get());
    }
    var table = "skein_fault_%08x".formatted(site.random().nextInt());
    var rules = new StringBuilder("table inet " + table + " {\n");
    if (direction != Direction.OUT) {
      chain(rules, "input", rule.replace("%s", "saddr"));
    }
    if (direction != Direction.IN) {
      chain(rules, "output", rule.replace("%s", "daddr"));
    }
    rules.append("}\n");
    var deadman = site.arm(List.of(site.machine().inside("nft", "delete", "table", "inet", table)));
    var file = site.machine().beside(table + ".nft");
    Files.writeString(file, rules);
    try {
      SystemCommand.run(site.machine().inside("nft", "-f", file.toString()));
    } finally {
      Files.delete(file);
    }
    return deadman::fire;
  }

  private static void chain(StringBuilder rules, String hook, String rule) {
    rules
        .append("  chain %1$s {\n    type filter hook %1$s priority -200;\n".formatted(hook))
        // Whoever has to repair the node must get there.
        .append("    tcp dport 22 accept\n    tcp sport 22 accept\n    ")
        .append(rule)
        .append("\n  }\n");
  }

  private static Injection rate(Site site) throws IOException {
    var deadman =
        site.arm(List.of(site.machine().inside("tc", "qdisc", "del", "dev", "eth0", "root")));
    SystemCommand.run(
        site.node()
            .inside(
                "tc",
                "qdisc",
                "add",
                "dev",
                "eth0",
                "root",
                "tbf",
                "rate",
                site.text("kbit") + "kbit",
                "burst",
                "32kb",
                "latency",
                "400ms"));
    return deadman::fire;
  }

  /// Takes the node's link off the bridge and puts one of our own there instead, with a line
  /// between the two that holds each frame.
  private static Injection delay(Site site) throws IOException {
    var network = site.lab().network().orElseThrow();
    var hub = network.getFileName().toString();
    var link = site.node().name();
    var tap = "delay-" + link;
    if (SystemCommand.succeeds("ip", "-n", hub, "link", "show", tap)) {
      throw new NotNowException("packets of " + link + " are delayed already");
    }
    var deadman =
        site.arm(
            List.of(
                ip(hub, "link delete " + tap),
                ip(hub, "link set " + link + " master " + Isolation.BRIDGE + " arp on")));
    DelayLine line = null;
    try {
      var delay = Duration.ofMillis(site.number("ms"));
      var jitter = Duration.ofMillis(Math.min(site.number("jitter"), site.number("ms")));
      line = DelayLine.open(network, link, tap, delay, jitter, site.random());
      // Without ARP: the bridge's own address would be answered for on the link, past the line.
      SystemCommand.run(ip(hub, "link set " + link + " nomaster arp off"));
      SystemCommand.run(ip(hub, "link set " + tap + " master " + Isolation.BRIDGE + " up"));
    } catch (IOException | RuntimeException | Error e) {
      if (line != null) {
        line.close();
      }
      throw e;
    }
    var opened = line;
    return () -> {
      try {
        opened.close();
      } finally {
        deadman.fire();
      }
    };
  }

  private static List<String> ip(String namespace, String words) {
    var command = new ArrayList<>(List.of("ip", "-n", namespace));
    command.addAll(List.of(words.split(" ")));
    return command;
  }
}
