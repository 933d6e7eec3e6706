package dev.skein.chaos.lab;

import java.util.List;

/// Shells that outlive whatever has started them, a task of a cluster included.
public final class Detached {

  /// A task's shell leaves the task's cgroups, and forgets the mark by which the task's processes
  /// are found. It gets itself as `$0`.
  private static final String LEAVE_TASK =
      """
      if [ -n "$SKEIN_TASK" ]; then
        while read -r device at type rest; do
          case $type in
            cgroup | cgroup2) { echo $$ >"$at/cgroup.procs"; } 2>/dev/null ;;
          esac
        done </proc/mounts
        exec env -u SKEIN_TASK sh -c "$0" "$0"
      fi
      """;

  private Detached() {}

  /// The command of a shell, in a session of its own, that runs a script.
  public static List<String> shell(String script) {
    var whole = LEAVE_TASK + script;
    return List.of("setsid", "sh", "-c", whole, whole);
  }
}
