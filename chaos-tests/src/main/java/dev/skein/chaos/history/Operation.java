package dev.skein.chaos.history;

import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One operation of one client on one object, with what became of it.
///
/// @param client who does one operation after the other
/// @param key the object's name
/// @param content what was to be written, or was read; null for a removal, and for a read that
///     found no object
/// @param expected the stamp that a comparing operation wants to replace; 0 for others
/// @param reason why it is not done, in the daemon's words; else empty
/// @param index the Raft index of the change or of the state that was read; 0 if unknown
/// @param invokedNanos by a monotonic clock that all clients share
/// @param returnedNanos by the same clock; [#NEVER] for an unknown outcome, which may take effect
///     at any later time
/// @param manager the one that was asked
public record Operation(
    int client,
    String key,
    Kind kind,
    @Nullable Content content,
    long expected,
    Outcome outcome,
    String reason,
    long index,
    long invokedNanos,
    long returnedNanos,
    String manager) {

  /// The return time of what never returned.
  public static final long NEVER = Long.MAX_VALUE;

  public Operation {
    Objects.requireNonNull(key);
    if (outcome == Outcome.UNKNOWN) {
      returnedNanos = NEVER;
    }
    if (returnedNanos < invokedNanos) {
      throw new IllegalArgumentException(
          "it returned at " + returnedNanos + ", before it was invoked at " + invokedNanos);
    }
    var writes = kind != Kind.READ && kind != Kind.REMOVE;
    if ((writes && content == null) || (kind == Kind.REMOVE && content != null)) {
      throw new IllegalArgumentException(kind + " with the content " + content);
    }
  }

  /// The stamp that was written or read; 0 where there is none.
  public long stamp() {
    return content == null ? 0 : content.stamp();
  }

  /// Whether it was acknowledged as a change.
  public boolean isAcknowledgedChange() {
    return kind.mutates() && outcome == Outcome.DONE;
  }

  /// Whether it may have changed the object although nobody was told.
  public boolean isPossibleChange() {
    return kind.mutates() && outcome == Outcome.UNKNOWN;
  }

  /// In one line, with times in milliseconds since `originNanos`.
  public String line(long originNanos) {
    var line = new StringBuilder(100);
    line.append(
        "%10.3f … %10s ms  client %d at %s: %s %s"
            .formatted(
                (invokedNanos - originNanos) / 1e6,
                returnedNanos == NEVER
                    ? "?"
                    : "%.3f".formatted((returnedNanos - originNanos) / 1e6),
                client,
                manager,
                kind.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                key));
    if (kind.compares()) {
      line.append(" from ").append(expected);
    }
    if (kind.mutates() && content != null) {
      line.append(" to ").append(content.stamp()).append(" ×").append(content.replicas());
    }
    line.append(" → ");
    if (kind == Kind.READ && outcome == Outcome.DONE) {
      line.append(content == null ? "no object" : content.stamp() + " ×" + content.replicas());
    } else {
      line.append(outcome.name().toLowerCase(Locale.ROOT).replace('_', ' '));
    }
    if (index > 0) {
      line.append(" (index ").append(index).append(')');
    }
    return reason.isEmpty() ? line.toString() : line + ": " + reason;
  }
}
