package dev.skein.state.ratis;

import org.jspecify.annotations.Nullable;

/// Why Raft did not do what was asked.
public abstract sealed class RaftException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private RaftException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /// This member does not lead. Nothing was logged: asking the leader instead is safe.
  public static final class NotLeader extends RaftException {
    private static final long serialVersionUID = 1L;
    private final @Nullable String leader;

    /// @param leader id of the member believed to lead, if any
    public NotLeader(@Nullable String leader) {
      super(
          leader == null
              ? "this manager is not the leader and knows none; try again or ask another manager"
              : "this manager is not the leader; ask " + leader,
          null);
      this.leader = leader;
    }

    /// Id of the member believed to lead, `null` if unknown.
    public @Nullable String leader() {
      return leader;
    }
  }

  /// No outcome within the deadline, mostly for want of a quorum.
  public static final class Unavailable extends RaftException {
    private static final long serialVersionUID = 1L;
    private final boolean outcomeUnknown;

    /// @param outcomeUnknown whether the record may still be, or already is, committed
    public Unavailable(String message, boolean outcomeUnknown, @Nullable Throwable cause) {
      super(message, cause);
      this.outcomeUnknown = outcomeUnknown;
    }

    /// False: the record was never logged. True: it may be committed, now or later.
    public boolean outcomeUnknown() {
      return outcomeUnknown;
    }
  }

  /// The record is larger than [RaftLimits#RECORD_BYTES_MAX].
  public static final class TooLarge extends RaftException {
    private static final long serialVersionUID = 1L;

    /// @param bytes the record's size
    public TooLarge(int bytes) {
      super(
          "record of " + bytes + " bytes exceeds " + RaftLimits.RECORD_BYTES_MAX + "; split it",
          null);
    }
  }

  /// Too many proposals wait already. Nothing was logged.
  public static final class Overloaded extends RaftException {
    private static final long serialVersionUID = 1L;

    /// @param message which limit was reached
    public Overloaded(String message) {
      super(message, null);
    }
  }

  /// The request is not possible as things are.
  public static final class Refused extends RaftException {
    private static final long serialVersionUID = 1L;

    /// @param message why, and what to do
    public Refused(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
