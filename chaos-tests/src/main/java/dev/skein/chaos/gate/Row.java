package dev.skein.chaos.gate;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// One kind of fault of the gate.
///
/// @param name for the matrix
/// @param fault as in the catalogue
/// @param target whom it befalls
/// @param holdMin how long it lasts at least
/// @param holdMax how long it lasts at most
/// @param variants its options, of which each injection takes one; one empty map for none
/// @param count how often in a full run
/// @param shortCount how often in a short run
/// @param lostMax how many calls of the published service each injection may cost that are made
///     through nodes that it does not befall
record Row(
    String name,
    String fault,
    Target target,
    Duration holdMin,
    Duration holdMax,
    List<Map<String, String>> variants,
    int count,
    int shortCount,
    int lostMax) {

  /// Whom a fault befalls.
  enum Target {
    LEADER,
    FOLLOWER,
    /// All managers at the same time.
    MANAGERS,
    WORKER
  }

  private static final Duration NONE = Duration.ZERO;
  private static final List<Map<String, String>> PLAIN = List.of(Map.of());

  /// A replica that dies, or that nobody reaches any more, takes with it the call that it has;
  /// later calls find another replica. The calls of a node take some milliseconds of each tenth of
  /// a second: that two of them are under way at that moment is rare.
  private static final int CALL_OF_THE_REPLICA = 1;

  /// A replica that hangs takes calls and does not answer, until two health checks have failed:
  /// measured was one call of each other node, five; two more are for a check that comes late.
  private static final int CALLS_UNTIL_UNHEALTHY = 7;

  /// A call of a replica that is half a second away takes two round trips, about as long as the
  /// probe waits: measured were two, and five is one of each other node.
  private static final int CALLS_TOO_SLOW = 5;

  /// All of them. Faults of managers cost no call: replicas and the other nodes' meshes work on.
  static final List<Row> ALL =
      List.of(
          row("kill the leader", "kill", Target.LEADER, 800, 1500, PLAIN, 14, 3),
          row("kill a follower", "kill", Target.FOLLOWER, 500, 1500, PLAIN, 6, 1),
          row("kill all managers", "kill", Target.MANAGERS, 200, 500, PLAIN, 2, 1),
          row("crash a worker", "crash", Target.WORKER, 4000, 5000, PLAIN, 2, 1)
              .costing(CALL_OF_THE_REPLICA),
          row("pause the leader", "pause", Target.LEADER, 300, 5000, PLAIN, 8, 1),
          row("cut off the leader", "partition", Target.LEADER, 1500, 4000, PLAIN, 4, 1),
          row("cut off a follower", "partition", Target.FOLLOWER, 1000, 3000, PLAIN, 2, 0),
          row("leader hears nobody", "partition.in", Target.LEADER, 1500, 4000, PLAIN, 3, 1),
          row("nobody hears the leader", "partition.out", Target.LEADER, 1500, 4000, PLAIN, 3, 0),
          row(
              "leader and one follower cut",
              "partition",
              Target.LEADER,
              2000,
              4000,
              List.of(Map.of("peers", "m1"), Map.of("peers", "m2"), Map.of("peers", "m3")),
              3,
              1),
          row("reset the leader's connections", "reset", Target.LEADER, 500, 2000, PLAIN, 2, 1),
          row(
              "the leader loses packets",
              "loss",
              Target.LEADER,
              2000,
              5000,
              List.of(Map.of("percent", "5"), Map.of("percent", "20"), Map.of("percent", "50")),
              3,
              1),
          row("the leader's network is slow", "rate", Target.LEADER, 2000, 4000, PLAIN, 2, 0),
          row(
              "the leader is far away",
              "delay",
              Target.LEADER,
              3000,
              5000,
              List.of(Map.of("ms", "20", "jitter", "10"), Map.of("ms", "100"), Map.of("ms", "500")),
              3,
              1),
          row(
                  "a worker is far away",
                  "delay",
                  Target.WORKER,
                  3000,
                  5000,
                  List.of(Map.of("ms", "500", "jitter", "100")),
                  1,
                  0)
              .costing(CALLS_TOO_SLOW),
          row("power cut of the leader", "power.cut", Target.LEADER, 500, 1500, PLAIN, 3, 1),
          row("power cut of all managers", "power.cut", Target.MANAGERS, 200, 500, PLAIN, 2, 0),
          row("the leader's disk fails", "disk.fail", Target.LEADER, 1500, 3000, PLAIN, 2, 1),
          row("the leader can't fsync", "disk.sync-fail", Target.LEADER, 1500, 3000, PLAIN, 2, 1),
          row("the leader's disk is full", "disk.full", Target.LEADER, 2000, 4000, PLAIN, 2, 0),
          row("the leader's disk hangs", "disk.freeze", Target.LEADER, 3000, 8000, PLAIN, 3, 1),
          row("the leader's disk stutters", "disk.slow", Target.LEADER, 2000, 4000, PLAIN, 2, 0),
          row("a torn log", "log.torn", Target.FOLLOWER, 500, 1000, PLAIN, 2, 0),
          row("a flipped bit in a log", "log.flip", Target.FOLLOWER, 500, 1000, PLAIN, 2, 1),
          row(
              "a flipped bit in a snapshot",
              "snapshot.flip",
              Target.FOLLOWER,
              500,
              1000,
              PLAIN,
              2,
              0),
          row(
              "the leader's clock is wrong",
              "clock.offset",
              Target.LEADER,
              2000,
              4000,
              List.of(
                  Map.of("by", "+30s"),
                  Map.of("by", "-30s"),
                  Map.of("by", "+1h"),
                  Map.of("by", "-1h")),
              4,
              1),
          row("the leader's clock jumps", "clock.jump", Target.LEADER, 7000, 9000, PLAIN, 2, 0),
          row("a worker's clock jumps", "clock.jump", Target.WORKER, 7000, 9000, PLAIN, 2, 0),
          row("demote and promote", "demote", Target.FOLLOWER, 500, 1500, PLAIN, 4, 1),
          row("hand over leadership", "lead", Target.FOLLOWER, 500, 500, PLAIN, 12, 2),
          row("cut off a worker", "partition", Target.WORKER, 4000, 6000, PLAIN, 3, 1)
              .costing(CALL_OF_THE_REPLICA),
          row("kill a task", "task.kill", Target.WORKER, 0, 0, PLAIN, 2, 1)
              .costing(CALL_OF_THE_REPLICA),
          row("a worker's tasks hang", "task.hang", Target.WORKER, 5000, 7000, PLAIN, 2, 1)
              .costing(CALLS_UNTIL_UNHEALTHY));

  private static Row row(
      String name,
      String fault,
      Target target,
      int holdMinMs,
      int holdMaxMs,
      List<Map<String, String>> variants,
      int count,
      int shortCount) {
    return new Row(
        name,
        fault,
        target,
        NONE.plusMillis(holdMinMs),
        NONE.plusMillis(holdMaxMs),
        variants,
        count,
        shortCount,
        0);
  }

  /// The same row with some calls that it may cost.
  private Row costing(int calls) {
    return new Row(name, fault, target, holdMin, holdMax, variants, count, shortCount, calls);
  }

  /// The one for a rolling upgrade to another build, of every manager in turn.
  static Row upgrade(String launcher) {
    return row(
        "another build",
        "upgrade",
        Target.FOLLOWER,
        1000,
        2000,
        List.of(Map.of("to", launcher)),
        3,
        1);
  }
}
