package dev.skein.chaos.fault;

import dev.skein.chaos.RealTime;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.chaos.lab.Machine;
import dev.skein.chaos.lab.Member;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Where a fault is injected, and with what.
///
/// @param member the node that it befalls
/// @param options values of the fault's own options, by name; checked
/// @param lasts how long it is meant to last
/// @param deadman after what time it undoes itself
/// @param random what a fault leaves to chance
/// @param fault the fault's name, for [InForce]
/// @param armed what undoes the fault if nobody else does
@RealTime
public record Site(
    Cluster cluster,
    Member member,
    Map<String, String> options,
    Duration lasts,
    Duration deadman,
    RandomGenerator random,
    String fault,
    AtomicReference<@Nullable Deadman> armed) {

  /// Distinguishes faults that begin at the same moment.
  private static final AtomicInteger COUNT = new AtomicInteger();

  /// A site for whatever fault will be injected there, until it is ended.
  public Site(
      Cluster cluster,
      Member member,
      Map<String, String> options,
      Duration deadman,
      RandomGenerator random) {
    this(cluster, member, options, deadman, deadman, random, "", new AtomicReference<>());
  }

  /// The same site for a fault that is meant to last so long.
  public Site lasting(Duration time) {
    return new Site(cluster, member, options, time, deadman, random, fault, armed);
  }

  /// The same site for a fault.
  Site named(String name) {
    return new Site(
        cluster, member, options, lasts, deadman, random, name, new AtomicReference<>());
  }

  /// The node, which this process can touch.
  Machine machine() {
    return (Machine) member;
  }

  /// The node of a lab; only for faults that need one.
  LabNode node() {
    return (LabNode) member;
  }

  /// The lab; only for faults that need one.
  Lab lab() {
    return (Lab) cluster;
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
  List<? extends Member> others() {
    return cluster.nodes().stream().filter(other -> !other.equals(member)).toList();
  }

  /// Arms what undoes the fault if nobody else does.
  Deadman arm(List<List<String>> undo) throws IOException {
    var now = System.currentTimeMillis();
    var inForce =
        new InForce(fault, member.name(), options.toString(), now, now + deadman.toMillis());
    var file =
        InForce.file(cluster, "%s-%d-%d".formatted(member.name(), now, COUNT.getAndIncrement()));
    var made =
        member instanceof Machine machine
            ? Deadman.arm(
                deadman,
                undo,
                machine.startEnvironment(),
                machine.beside("chaos.log"),
                inForce,
                file)
            : Deadman.arm(
                deadman, undo, Map.of(), cluster.directory().resolve("chaos.log"), inForce, file);
    armed.set(made);
    return made;
  }

  /// Undoes a fault that could be injected by half only.
  void undo() throws IOException {
    var made = armed.get();
    if (made != null) {
      made.fire();
    }
  }

  /// The command that starts the node again, if this process can't.
  List<String> startCommand() throws IOException {
    return machine().startCommand();
  }
}
