package dev.skein.cli;

/// The program's exit codes, as `docs/cli.md` gives them. Commands that run another program (for
/// example `skein daemon`) may end with that program's code.
public final class ExitCode {
  /// It was done.
  public static final int SUCCESS = 0;

  /// The daemon refused, or the work failed.
  public static final int FAILURE = 1;

  /// The command line was wrong; nothing was sent.
  public static final int USAGE = 2;

  /// The daemon can't be reached, or did not answer as a daemon does.
  public static final int UNREACHABLE = 125;

  private ExitCode() {}
}
