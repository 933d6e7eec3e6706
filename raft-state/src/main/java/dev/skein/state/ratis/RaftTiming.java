package dev.skein.state.ratis;

import java.time.Duration;

/// How long things may take.
///
/// @param electionMin a follower that heard no leader for a random time between this and
///     `electionMax` starts an election
/// @param electionMax see `electionMin`; also the longest a dead leader stays unnoticed, twice
/// @param proposal a proposal or barrier without an outcome fails after this
/// @param membership adding a member, which includes its catching up, fails after this
public record RaftTiming(
    Duration electionMin, Duration electionMax, Duration proposal, Duration membership) {
  /// For members in one data centre.
  public static final RaftTiming DEFAULT =
      new RaftTiming(
          Duration.ofMillis(200),
          Duration.ofMillis(400),
          Duration.ofSeconds(5),
          Duration.ofSeconds(30));

  public RaftTiming {
    if (electionMin.toMillis() < 20 || electionMax.compareTo(electionMin) <= 0) {
      throw new IllegalArgumentException(
          "election timeout "
              + electionMin
              + " to "
              + electionMax
              + " must be at least 20 ms wide");
    }
    if (!proposal.isPositive() || !membership.isPositive()) {
      throw new IllegalArgumentException(
          "timeouts must be positive: " + proposal + ", " + membership);
    }
  }
}
