package dev.skein.state.ratis;

import java.time.Duration;

/// The named limits of this package.
public final class RaftLimits {
  /// Largest record. Ratis' leader steps down on an entry above its 4 MB append limit.
  public static final int RECORD_BYTES_MAX = 1536 * 1024;

  /// Most records in one entry.
  static final int ENTRY_RECORDS_MAX = 1024;

  /// An entry takes no further record once it holds this much.
  static final int ENTRY_BYTES_TARGET = 256 * 1024;

  /// Entries handed to Ratis and not applied yet; the rest wait and are combined. Two keep the disk
  /// busy while the next batch gathers; an entry's cost is mostly fixed, so with more in flight the
  /// batches shrink and throughput falls (64 writers: 4 in flight give half the rate of 2).
  static final int ENTRIES_IN_FLIGHT_MAX = 2;

  /// Proposals waiting or in flight.
  static final int PROPOSALS_MAX = 16_384;

  /// Bytes of all proposals waiting or in flight.
  static final int PROPOSAL_BYTES_MAX = 32 * 1024 * 1024;

  /// Log bytes applied since the last snapshot that call for the next, whatever their number.
  static final long SNAPSHOT_LOG_BYTES = 32L * 1024 * 1024;

  /// Without a leader for this long, connections to the other members are made anew: gRPC's
  /// back-off would otherwise delay the election by many seconds.
  static final Duration NO_LEADER_RECONNECT = Duration.ofSeconds(2);

  /// A leader that has stored no entry for this long though some wait gives up its leadership.
  /// Longer than a busy disk's worst fsync, shorter than a proposal's deadline.
  static final Duration STORAGE_HANG = Duration.ofSeconds(2);

  /// A group that Ratis shut down has failed unless the news of this member's removal follows
  /// within this: Ratis tells it only after the shutdown. Failures to store or apply do not wait.
  static final Duration REMOVAL_NOTICE = Duration.ofSeconds(5);

  /// How often the watch looks at the server.
  static final Duration WATCH_INTERVAL = Duration.ofMillis(50);

  /// A member counts as reachable when it answered within this.
  static final Duration REACHABLE_WITHIN = Duration.ofSeconds(3);

  /// A member that takes longer than this to tell its term has not told it; the read is then
  /// confirmed by a log entry.
  static final Duration TERM_ANSWER = Duration.ofMillis(200);

  /// A member that has told nothing for this long is dialled anew.
  static final Duration TERM_REDIAL = Duration.ofSeconds(3);

  /// Questions for its term that a member is asked at the same time.
  static final int UNANSWERED_MAX = 16;

  private RaftLimits() {}
}
