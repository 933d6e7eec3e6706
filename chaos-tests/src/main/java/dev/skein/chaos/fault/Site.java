package dev.skein.chaos.fault;

import dev.skein.chaos.RealTime;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/// Where a fault is injected, and with what.
///
/// @param node the machine that it befalls
/// @param options values of the fault's own options, by name; checked
/// @param deadman after what time it undoes itself
/// @param random what a fault leaves to chance
/// @param fault the fault's name, for [InForce]
@RealTime
public record Site(
    Lab lab,
    LabNode node,
    Map<String, String> options,
    Duration deadman,
    RandomGenerator random,
    String fault) {

  /// Distinguishes faults that begin at the same moment.
  private static final AtomicInteger COUNT = new AtomicInteger();

  /// A site for whatever fault will be injected there.
  public Site(
      Lab lab,
      LabNode node,
      Map<String, String> options,
      Duration deadman,
      RandomGenerator random) {
    this(lab, node, options, deadman, random, "");
  }

  /// The same site for a fault.
  Site named(String name) {
    return new Site(lab, node, options, deadman, random, name);
  }

  /// The value of an option.
  public String text(String option) {
    var value = options.get(option);
    if (value == null) {
      throw new IllegalArgumentException("no value for " + option);
    }
    return value;
  }

  /// The value of an option that is a number.
  public int number(String option) {
    return Integer.parseInt(text(option));
  }

  /// All other nodes.
  List<LabNode> others() {
    return lab.nodes().stream().filter(other -> other != node).toList();
  }

  /// Arms what undoes the fault if nobody else does.
  Deadman arm(List<List<String>> undo) throws IOException {
    var now = System.currentTimeMillis();
    var inForce =
        new InForce(fault, node.name(), options.toString(), now, now + deadman.toMillis());
    var file = InForce.file(lab, "%s-%d-%d".formatted(node.name(), now, COUNT.getAndIncrement()));
    return Deadman.arm(deadman, undo, node.beside("chaos.log"), inForce, file);
  }

  /// The command that starts the node again, if this process can't.
  ///
  /// Tried twice: whoever injected the fault may have died while the daemon was ending, and the
  /// first try finds it running still.
  List<String> startCommand() {
    return List.of(
        "env",
        "SKEIN_DEV_ROOT=" + lab.root(),
        "sh",
        "-c",
        "\"$@\" || { sleep 1; \"$@\"; }",
        "start",
        lab.launcher(),
        "dev",
        "start",
        node.name());
  }
}
