package dev.skein.cli.command;

/// Brings in a command from another part of the program, found through [java.util.ServiceLoader].
/// The daemon, the local cluster and its experiments come in this way, so that the client knows
/// nothing of what they need.
public interface CommandProvider {
  /// The command's name: one that [CommandTree] lists.
  String name();

  /// The command.
  Command command();
}
