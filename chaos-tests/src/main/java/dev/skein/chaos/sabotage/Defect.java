package dev.skein.chaos.sabotage;

import dev.skein.chaos.check.EqualStates;
import dev.skein.chaos.check.IndexOrder;
import dev.skein.chaos.check.KeptWrites;
import dev.skein.chaos.check.LeaderTerms;
import dev.skein.chaos.check.Linearizability;
import dev.skein.chaos.check.SlotUniqueness;
import dev.skein.chaos.check.WatchOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// A known defect that can be built into daemons, and what must come of it.
public enum Defect {
  /// Nothing is fsynced.
  FSYNC_OFF(
      "fsync-off",
      "FileChannel.force does nothing",
      KeptWrites.CHECK,
      1,
      List.of(
          force("org.apache.ratis.server.raftlog.segmented.BufferedWriteChannel"),
          force("org.apache.ratis.util.FileUtils$1"),
          force("dev.skein.state.seal.DurableFile"))),

  /// A manager that was restarted knows neither its term nor its vote.
  DOUBLE_TERM(
      "double-term",
      "term and vote are only in memory",
      LeaderTerms.CHECK,
      2,
      List.of(
          new Redirection(
              "org.apache.ratis.server.impl.ServerState",
              "org.apache.ratis.server.raftlog.RaftLog",
              "persistMetadata",
              "forgetVote"))),

  /// A manager answers reads by itself.
  STALE_READS(
      "stale-reads",
      "every manager answers reads from its own copy of the state",
      IndexOrder.CHECK,
      2,
      List.of(
          new Redirection(
              "dev.skein.manager.control.ControlService",
              "dev.skein.state.ClusterStore",
              "read",
              "readOwnCopy"),
          new Redirection(
              "dev.skein.manager.ManagerNode",
              "io.grpc.inprocess.InProcessChannelBuilder",
              "forName",
              "rememberName"),
          new Redirection(
              "dev.skein.manager.rpc.LeaderChannel$Call",
              "io.grpc.Channel",
              "newCall",
              "callNearby"))),

  /// Managers apply one entry differently.
  DIVERGENT_APPLY(
      "divergent-apply",
      "every second entry gets its time from the process that applies it",
      EqualStates.CHECK,
      2,
      List.of(
          new Redirection(
              "dev.skein.state.ClusterMachine",
              "dev.skein.state.ClusterState",
              "apply",
              "applyByProcess"))),

  /// An acknowledged change was never proposed.
  DROPPED_COMMIT(
      "dropped-commit",
      "every tenth update of a service is acknowledged and never proposed",
      Linearizability.CHECK,
      1,
      List.of(
          new Redirection(
              "dev.skein.state.RaftStore",
              "dev.skein.state.ratis.RaftNode",
              "propose",
              "proposeMostly"))),

  /// A slot gets two tasks.
  DUPLICATE_SLOT(
      "duplicate-slot",
      "every second task that fills a slot is made twice",
      SlotUniqueness.CHECK,
      1,
      List.of(
          new Redirection(
              "dev.skein.manager.reconcile.ReconcilePlanner$Round",
              "dev.skein.manager.plan.Plan$Builder",
              "create",
              "createTwice"))),

  /// Watchers miss a change.
  WATCH_GAP(
      "watch-gap",
      "of every twentieth commit no event tells",
      WatchOrder.CHECK,
      1,
      List.of(
          new Redirection(
              "dev.skein.manager.control.Events",
              "dev.skein.state.Commit",
              "changes",
              "changesMostly")));

  private final String name;
  private final String breaks;
  private final String check;
  private final int managers;

  // Made by List.of.
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<Redirection> redirections;

  Defect(String name, String breaks, String check, int managers, List<Redirection> redirections) {
    this.name = name;
    this.breaks = breaks;
    this.check = check;
    this.managers = managers;
    this.redirections = redirections;
  }

  private static Redirection force(String in) {
    return new Redirection(in, "java.nio.channels.FileChannel", "force", "force");
  }

  /// The defect of this name.
  ///
  /// @throws IllegalArgumentException if there is none
  public static Defect named(String name) {
    return Arrays.stream(values())
        .filter(defect -> defect.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no defect \"%s\": there are %s"
                        .formatted(
                            name,
                            Arrays.stream(values())
                                .map(Defect::label)
                                .collect(Collectors.joining(", ")))));
  }

  /// Its name for people and command lines.
  public String label() {
    return name;
  }

  /// What is wrong in such a build.
  public String breaks() {
    return breaks;
  }

  /// The check that must be violated.
  public String check() {
    return check;
  }

  /// How many managers it takes to show.
  int managers() {
    return managers;
  }

  /// Whether it shows only after a power cut, which needs nodes with disks of their own.
  boolean needsPowerCut() {
    return this == FSYNC_OFF;
  }

  /// Whether it shows only after all daemons were killed.
  boolean needsRestart() {
    return this == DOUBLE_TERM;
  }

  List<Redirection> redirections() {
    return redirections;
  }
}
