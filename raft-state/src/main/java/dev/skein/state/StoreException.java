package dev.skein.state;

import org.jspecify.annotations.Nullable;

/// Why a store did not do what was asked. Whether a proposal that ended in [UnavailableException]
/// was committed is unknown; the others never were.
public abstract sealed class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private StoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /// The change set did not fit the state: an object had another version, or a name was taken.
  public static final class ConflictException extends StoreException {
    private static final long serialVersionUID = 1L;

    public ConflictException(String message) {
      super(message, null);
    }
  }

  /// This manager does not lead.
  public static final class NotLeaderException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String leader;

    /// Says who leads.
    ///
    /// @param leader the Raft id of the manager that leads, where this one knows it
    public NotLeaderException(@Nullable String leader) {
      super(
          leader == null
              ? "this manager does not lead, and knows no leader"
              : "this manager does not lead; the leader is " + leader,
          null);
      this.leader = leader;
    }

    public @Nullable String leader() {
      return leader;
    }
  }

  /// No quorum answered in time, or the store is closing.
  public static final class UnavailableException extends StoreException {
    private static final long serialVersionUID = 1L;

    public UnavailableException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /// The change set exceeds a limit of [Limits].
  public static final class TooLargeException extends StoreException {
    private static final long serialVersionUID = 1L;

    public TooLargeException(String message) {
      super(message, null);
    }
  }
}
