package dev.skein.worker.runtime;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How a task ended.
///
/// @param code 0 to 255; 128 + n when signal n ended it, and [#LOST_CODE] when nobody knows
/// @param signal the signal that ended it, or null. A program that itself exits with more than 128
///     cannot be told from one that a signal ended: shells report both in the same way
/// @param oomKilled whether the kernel killed one of its processes for lack of memory
/// @param lost whether the code is unknown because the task's supervisor was killed or the node
///     restarted
/// @param at when it ended, or when the loss was noticed
/// @param message what to tell the user
public record Exit(
    int code,
    @Nullable Signal signal,
    boolean oomKilled,
    boolean lost,
    Instant at,
    String message) {

  /// The code of a task whose real one is unknown: that of a killed process.
  public static final int LOST_CODE = 137;

  private static final int SIGNAL_BASE = 128;
  private static final int MAX_SIGNAL = 64;

  /// The exit that the shell's status `code` stands for.
  public static Exit of(int code, boolean oomKilled, Instant at) {
    var signal =
        code > SIGNAL_BASE && code <= SIGNAL_BASE + MAX_SIGNAL
            ? new Signal(code - SIGNAL_BASE)
            : null;
    var reason = oomKilled ? ", out of memory" : signal == null ? "" : ", " + signal.name();
    var message = code == 0 ? "task: finished" : "task: non-zero exit (" + code + ")" + reason;
    return new Exit(code, signal, oomKilled, false, at, message);
  }

  /// An exit whose code is unknown for `reason`.
  public static Exit lost(String reason, boolean oomKilled, Instant at) {
    return new Exit(LOST_CODE, null, oomKilled, true, at, "task: exit code unknown: " + reason);
  }

  /// This exit with another message.
  public Exit withMessage(String newMessage) {
    return new Exit(code, signal, oomKilled, lost, at, newMessage);
  }

  /// Whether the task ended with code 0.
  public boolean success() {
    return code == 0;
  }
}
