package dev.skein.cli.command;

import java.io.IOException;

/// The command could not do its work for a reason of its own, rather than the daemon's. The program
/// prints the message and ends with [dev.skein.cli.ExitCode#FAILURE].
public final class FailureException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param message what went wrong and what to do
  public FailureException(String message) {
    super(message);
  }
}
