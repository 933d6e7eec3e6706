package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.log.LogPolicy;
import java.nio.file.Path;
import java.util.List;

/// How one daemon runs processes.
///
/// @param directory where the runtime keeps its tasks, absolute; one runtime at a time may use it
/// @param daemonId separates the daemons of one machine: 1 to 64 letters, digits, `_`, `.` or `-`,
///     and the same for every runtime on this directory
/// @param logs how much of the tasks' output is kept
/// @param cgroups whether to use cgroups where they can be had
/// @param programs directories, absolute, that tasks find programs in after the system's own
public record ProcessRuntimeConfig(
    Path directory, String daemonId, LogPolicy logs, boolean cgroups, List<Path> programs) {

  private static final String DAEMON_ID = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}";

  /// Checks the values. Throws [IllegalArgumentException].
  public ProcessRuntimeConfig {
    programs = List.copyOf(programs);
    if (!directory.isAbsolute()) {
      throw new IllegalArgumentException("task directory " + directory + " is not absolute");
    }
    if (!daemonId.matches(DAEMON_ID)) {
      throw new IllegalArgumentException(
          "daemon id \""
              + daemonId
              + "\" is not 1 to 64 letters, digits, \"_\", \".\" or \"-\", not starting with one of"
              + " the last two");
    }
  }

  /// Without programs of its own.
  public ProcessRuntimeConfig(Path directory, String daemonId, LogPolicy logs, boolean cgroups) {
    this(directory, daemonId, logs, cgroups, List.of());
  }

  /// The usual configuration.
  public static ProcessRuntimeConfig of(Path directory, String daemonId) {
    return new ProcessRuntimeConfig(directory, daemonId, LogPolicy.DEFAULT, true);
  }

  /// This with other [#programs].
  public ProcessRuntimeConfig withPrograms(List<Path> directories) {
    return new ProcessRuntimeConfig(directory, daemonId, logs, cgroups, directories);
  }
}
