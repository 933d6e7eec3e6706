package dev.skein.worker.runtime;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A signal by its Linux number on x86-64 and arm64.
///
/// @param number 1 to 64
public record Signal(int number) {

  private static final Map<String, Integer> NUMBERS =
      Map.ofEntries(
          Map.entry("HUP", 1),
          Map.entry("INT", 2),
          Map.entry("QUIT", 3),
          Map.entry("ILL", 4),
          Map.entry("TRAP", 5),
          Map.entry("ABRT", 6),
          Map.entry("BUS", 7),
          Map.entry("FPE", 8),
          Map.entry("KILL", 9),
          Map.entry("USR1", 10),
          Map.entry("SEGV", 11),
          Map.entry("USR2", 12),
          Map.entry("PIPE", 13),
          Map.entry("ALRM", 14),
          Map.entry("TERM", 15),
          Map.entry("STKFLT", 16),
          Map.entry("CHLD", 17),
          Map.entry("CONT", 18),
          Map.entry("STOP", 19),
          Map.entry("TSTP", 20),
          Map.entry("TTIN", 21),
          Map.entry("TTOU", 22),
          Map.entry("URG", 23),
          Map.entry("XCPU", 24),
          Map.entry("XFSZ", 25),
          Map.entry("VTALRM", 26),
          Map.entry("PROF", 27),
          Map.entry("WINCH", 28),
          Map.entry("IO", 29),
          Map.entry("PWR", 30),
          Map.entry("SYS", 31));

  private static final int MAX_NUMBER = 64;

  /// The first real-time signal that programs may use (signal(7)); the C library has those before.
  private static final int RTMIN = 34;

  /// `RTMIN+3`, which containers with systemd stop by, or `RTMAX-1`.
  private static final Pattern REAL_TIME =
      Pattern.compile("RT(?:MIN(?:\\+([1-9]|[12][0-9]|30))?|(MAX)(?:-([1-9]|[12][0-9]|30))?)");

  /// Asks a program to end.
  public static final Signal TERM = new Signal(15);

  /// Ends a process without asking it.
  public static final Signal KILL = new Signal(9);

  /// Stops a process from running until [#CONT].
  public static final Signal STOP = new Signal(19);

  /// Lets a stopped process go on.
  public static final Signal CONT = new Signal(18);

  /// Checks the range.
  public Signal {
    if (number < 1 || number > MAX_NUMBER) {
      throw new IllegalArgumentException(
          "signal number " + number + " is not between 1 and " + MAX_NUMBER);
    }
  }

  /// Reads `SIGTERM`, `term`, `SIGRTMIN+3` or `15`. Throws [IllegalArgumentException] for anything
  /// else.
  public static Signal parse(String text) {
    var name = text.strip().toUpperCase(Locale.ROOT);
    var bare = name.startsWith("SIG") ? name.substring(3) : name;
    var known = NUMBERS.get(bare);
    if (known != null) {
      return new Signal(known);
    }
    var realTime = REAL_TIME.matcher(bare);
    if (realTime.matches()) {
      return new Signal(
          realTime.group(2) == null
              ? RTMIN + offset(realTime.group(1))
              : MAX_NUMBER - offset(realTime.group(3)));
    }
    if (name.matches("[0-9]{1,2}")) {
      return new Signal(Integer.parseInt(name));
    }
    throw new IllegalArgumentException(
        "unknown signal \"" + text + "\": use a name such as SIGTERM or a number from 1 to 64");
  }

  private static int offset(@Nullable String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  /// The name, such as `SIGTERM`, or `SIG33` for one without a name.
  public String name() {
    if (number >= RTMIN) {
      return number == RTMIN ? "SIGRTMIN" : "SIGRTMIN+" + (number - RTMIN);
    }
    Optional<String> known =
        NUMBERS.entrySet().stream()
            .filter(entry -> entry.getValue() == number)
            .map(Map.Entry::getKey)
            .findFirst();
    return "SIG" + known.orElse(Integer.toString(number));
  }
}
