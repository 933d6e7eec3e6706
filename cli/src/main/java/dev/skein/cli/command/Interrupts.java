package dev.skein.cli.command;

/// Waiting that `^C` ends. The program's assembly implements it with the process's signals, tests
/// with
/// a clock of their own.
public interface Interrupts {
  /// From now on `^C` no longer ends the program but makes [#await] return true.
  void arm();

  /// Waits.
  ///
  /// @param nanos how long, in nanoseconds
  /// @return true at once when `^C` was or is pressed, false when the time has passed
  boolean await(long nanos);
}
