package dev.skein.chaos.experiment;

import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Member;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/// Sees to it that a run never hurts more managers than the cluster can lose just then: what is
/// planned says nothing about managers that were down before, or that are still coming back.
///
/// Any thread; one at a time looks.
final class Quorum {

  /// How long a manager that can't be asked itself counts as hurt after its fault's end: until the
  /// leader's word about it is no longer from before.
  private static final Duration SETTLE = Duration.ofSeconds(5);

  private static final Duration START_WITHIN = Duration.ofSeconds(5);
  private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(200).toNanos();

  private final Sight sight;
  private final boolean guarded;
  private final LongSupplier nanoTime;
  // How many faults of the run are in force at a node.
  private final Map<String, Integer> hurt = new HashMap<>();
  private final Map<String, Long> endedNanos = new HashMap<>();

  /// @param guarded whether no more than a minority may be hurt
  /// @param nanoTime monotonic clock in nanoseconds
  Quorum(Sight sight, boolean guarded, LongSupplier nanoTime) {
    this.sight = sight;
    this.guarded = guarded;
    this.nanoTime = nanoTime;
  }

  /// A manager as it is now.
  ///
  /// @param reachability as the cluster tells it: `reachable`, `unreachable`, `unknown`
  /// @param asked whether it was asked itself
  /// @param index up to which its own copy of the state is; empty if it did not answer
  record Voter(String name, String reachability, boolean asked, OptionalLong index) {}

  /// How the managers are looked at.
  interface Sight {
    /// All that are managers now.
    ///
    /// @param silent those that are not to be asked, because they would not answer
    /// @throws IOException if nobody tells
    List<Voter> voters(Set<String> silent) throws IOException;
  }

  /// The managers' own copies are compared with the highest of this look.
  ///
  /// @return 0 if nobody answers
  synchronized long highest() {
    try {
      return guarded ? highest(sight.voters(hurt.keySet())) : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  private static long highest(List<Voter> voters) {
    return voters.stream().mapToLong(voter -> voter.index().orElse(0)).max().orElse(0);
  }

  /// Takes a node to be hurt from now on, if the other managers are a majority without it.
  ///
  /// @param index that managers must have got to, to be counted on
  /// @return why it may not be hurt now; empty if it is taken
  synchronized Optional<String> take(Member node, long index) {
    var refusal = guarded ? refusal(node, index) : Optional.<String>empty();
    if (refusal.isEmpty()) {
      hurt.merge(node.name(), 1, Integer::sum);
    }
    return refusal;
  }

  private Optional<String> refusal(Member node, long index) {
    List<Voter> voters;
    try {
      voters = sight.voters(hurt.keySet());
    } catch (IOException e) {
      return node.isManager()
          ? Optional.of("no manager tells how the others are: " + e.getMessage())
          : Optional.empty();
    }
    if (voters.stream().noneMatch(voter -> voter.name().equals(node.name()))) {
      return Optional.empty();
    }
    var others = voters.stream().filter(voter -> !voter.name().equals(node.name())).toList();
    var troubles = troubles(others, index);
    var left = others.size() - troubles.size();
    return left > voters.size() / 2
        ? Optional.empty()
        : Optional.of(
            "without %s only %d of %d managers would be left, which is no majority%s"
                .formatted(
                    node.name(),
                    left,
                    voters.size(),
                    troubles.isEmpty() ? "" : ": " + String.join(", ", troubles.values())));
  }

  /// Why managers can't be counted on, in a few words for each such.
  private Map<String, String> troubles(List<Voter> voters, long index) {
    var troubles = new LinkedHashMap<String, String>();
    for (var voter : voters) {
      trouble(voter, index)
          .ifPresent(what -> troubles.put(voter.name(), voter.name() + " " + what));
    }
    return troubles;
  }

  private Optional<String> trouble(Voter voter, long index) {
    if (hurt.containsKey(voter.name())) {
      return Optional.of("is hurt by another step");
    }
    if (!voter.reachability().equals("reachable")) {
      return Optional.of(
          "is " + (voter.reachability().isEmpty() ? "unknown" : voter.reachability()));
    }
    if (voter.asked() && voter.index().isEmpty()) {
      return Optional.of("does not answer");
    }
    if (voter.asked() && voter.index().getAsLong() < index) {
      return Optional.of(
          "is still behind (at %d of %d)".formatted(voter.index().getAsLong(), index));
    }
    var ended = endedNanos.get(voter.name());
    return !voter.asked() && ended != null && nanoTime.getAsLong() - ended < SETTLE.toNanos()
        ? Optional.of("has only just come back")
        : Optional.empty();
  }

  /// A node is hurt no longer by what [#take] was called for.
  synchronized void give(Member node) {
    hurt.computeIfPresent(node.name(), (_, count) -> count > 1 ? count - 1 : null);
    endedNanos.put(node.name(), nanoTime.getAsLong());
  }

  /// The managers that are hurt before anything is done, and how; waits a little for what is just
  /// coming back. If nobody answers, all are.
  static Map<String, String> hurt(Cluster cluster, LongSupplier nanoTime) {
    var quorum = new Quorum(new ManagerSight(cluster), true, nanoTime);
    var limit = nanoTime.getAsLong() + START_WITHIN.toNanos();
    var index = quorum.highest();
    while (true) {
      var now = quorum.now(cluster, index);
      if (now.isEmpty() || nanoTime.getAsLong() - limit > 0) {
        return now;
      }
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
  }

  private synchronized Map<String, String> now(Cluster cluster, long index) {
    try {
      return troubles(sight.voters(Set.of()), index);
    } catch (IOException e) {
      return cluster.managers().stream()
          .map(Member::name)
          .collect(Collectors.toMap(name -> name, name -> name + ": " + e.getMessage()));
    }
  }
}
