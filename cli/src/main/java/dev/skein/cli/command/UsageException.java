package dev.skein.cli.command;

/// The command line is wrong. The program prints the message with the command's usage and ends with
/// [dev.skein.cli.ExitCode#USAGE].
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message what is wrong, with the offending value
  public UsageException(String message) {
    super(message);
  }
}
