package dev.skein.chaos.cluster;

import java.util.List;

/// How a command ended.
///
/// @param line the command, for messages
/// @param millis how long it took
public record Outcome(String line, int code, String out, String err, long millis) {

  /// This, if it succeeded.
  public Outcome ok() {
    if (code != 0) {
      throw new AssertionError("it should succeed: " + this);
    }
    return this;
  }

  /// This, if it failed.
  public Outcome failed() {
    if (code == 0) {
      throw new AssertionError("it should fail: " + this);
    }
    return this;
  }

  /// What it printed, without the last line's end.
  public String text() {
    return out.strip();
  }

  /// The lines that it printed.
  public List<String> lines() {
    return out.lines().filter(line -> !line.isBlank()).toList();
  }

  @Override
  public String toString() {
    return "%s\nexit code %d after %d ms\n%s%s".formatted(line, code, millis, out, err);
  }
}
