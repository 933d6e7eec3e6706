package dev.skein.cli.command;

import dev.skein.cli.ExitCode;
import dev.skein.cli.client.ApiException;
import java.io.IOException;

/// Does the same to each argument: one that fails does not keep the others from being tried.
final class Each {
  /// What is done to one.
  interface Step {
    void apply(String argument) throws IOException;
  }

  private Each() {}

  static int of(CommandContext context, Arguments arguments, Step step) throws IOException {
    int code = ExitCode.SUCCESS;
    for (String argument : arguments.positional()) {
      try {
        step.apply(argument);
      } catch (ApiException e) {
        context.err().println("Error response from daemon: " + e.getMessage());
        code = ExitCode.FAILURE;
      }
    }
    return code;
  }
}
