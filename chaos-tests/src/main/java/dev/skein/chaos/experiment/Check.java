package dev.skein.chaos.experiment;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// What can be judged when an experiment is over.
public enum Check {
  /// All acknowledged operations fit into one order, for each object.
  LINEARIZABLE("linearizable"),
  /// The Raft indexes that clients were told go with that order.
  INDEX_ORDER("index-order"),
  /// What was acknowledged is still there.
  NO_LOST_ACK("no-lost-write"),
  /// All managers have the same state.
  EQUAL_STATES("equal-states"),
  /// Watches told every change once and in order.
  WATCH("watch"),
  /// No term had two leaders.
  ONE_LEADER_PER_TERM("one-leader-per-term"),
  /// No slot had two tasks.
  SLOTS_UNIQUE("slots-unique"),
  /// No two tasks had the same address or port.
  ADDRESSES_UNIQUE("endpoints-unique"),
  /// Everything that should run does.
  CONVERGED("converged");

  private final String verdict;

  Check(String verdict) {
    this.verdict = verdict;
  }

  /// As in files: `no_lost_ack`.
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// The name of its verdict.
  public String verdict() {
    return verdict;
  }

  /// The one of this word.
  public static Optional<Check> of(String word) {
    return Arrays.stream(values()).filter(check -> check.word().equals(word)).findFirst();
  }
}
