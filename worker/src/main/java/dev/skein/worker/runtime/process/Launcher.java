package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.cgroup.Containment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Starts tasks under `supervise.sh`.
///
/// The chain is `setsid` (leave the daemon's session) → `sh supervise.sh` (stays) → `env` (exact
/// environment, default signals) → `setsid` (a session of the task's own, so that nothing it does
/// to its process group reaches the supervisor) → `setpriv` (another user) → the command. No shell
/// ever sees a user's value but as an argument that it passes on. The environment travels as
/// `SKEIN_ENV_n=NAME=value`, so that it neither works on the supervisor nor shows in anybody's
/// process list, and so that names that no shell accepts survive.
final class Launcher {

  private static final String BASE_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /// `--fork` gives the supervisor to init, so the daemon neither waits for it nor has a thread
  /// for it; the first line comes back through a pipe that ends with this shell.
  private static final String DETACH =
      "\"$0\" --fork \"$@\" 2>&1 | { read -r line; printf '%s\\n' \"$line\"; }";

  /// `join COUNT CGROUP... WORKDIR COMMAND...`: as the first process of a task does it.
  private static final String JOIN =
      """
      count=$1
      shift
      while [ "$count" -gt 0 ]; do
        echo 0 >"$1/cgroup.procs" || exit 125
        shift
        count=$((count - 1))
      done
      cd -- "$1" || exit 125
      shift
      exec "$@"
      """;

  private final Tools tools;
  private final Path script;
  private final String daemonId;
  private final String path;
  private final UserAccount self;

  /// The script is kept in the runtime's directory; a running shell has it open, so it is replaced,
  /// never overwritten.
  Launcher(Tools tools, ProcessRuntimeConfig config, UserAccount self) throws IOException {
    this.tools = tools;
    this.daemonId = config.daemonId();
    this.self = self;
    var parts = new ArrayList<>(List.of(BASE_PATH));
    config.programs().forEach(directory -> parts.add(directory.toString()));
    path = String.join(":", parts);
    var directory = config.directory();
    script = directory.resolve("supervise.sh");
    var next = directory.resolve("supervise.sh.next");
    try (var source = Objects.requireNonNull(Launcher.class.getResourceAsStream("supervise.sh"))) {
      Files.copy(source, next, StandardCopyOption.REPLACE_EXISTING);
    }
    Files.move(next, script, StandardCopyOption.ATOMIC_MOVE);
  }

  /// The whole environment that the task gets: the base, then its own, then the mark by which its
  /// processes are found.
  Map<String, String> environment(TaskSpec spec, UserAccount account) {
    var environment = new LinkedHashMap<String, String>();
    environment.put("PATH", path);
    environment.put("HOME", account.home());
    environment.put("LANG", "C.UTF-8");
    environment.putAll(spec.env());
    environment.put(Containment.MARK_NAME, Containment.mark(daemonId, spec.id()));
    return environment;
  }

  /// Starts the supervisor and returns when the task's first process is about to execute the
  /// command.
  TaskDirectory.Started launch(
      TaskSpec spec, TaskDirectory directory, UserAccount account, List<Path> cgroups, Path workdir)
      throws IOException {
    var command = new ArrayList<String>();
    command.addAll(List.of(tools.shell().toString(), "-c", DETACH, tools.setsid().toString()));
    command.addAll(List.of(tools.shell().toString(), script.toString()));
    command.add(directory.path().toString());
    command.add(Integer.toString(cgroups.size()));
    cgroups.forEach(cgroup -> command.add(cgroup.toString()));
    command.add(workdir.toString());
    var builder = builder(command, environment(spec, account), account, spec.command());
    return await(builder.start(), spec.id());
  }

  /// Starts a command in the context of a running task, as a child of the daemon and the first
  /// process of a session of its own. What it writes comes by one pipe.
  ///
  /// @param marks variables that tell its processes from the task's own
  Process join(
      TaskSpec spec,
      UserAccount account,
      List<Path> cgroups,
      Path workdir,
      Map<String, String> marks,
      List<String> program)
      throws IOException {
    var command = new ArrayList<String>();
    command.addAll(List.of(tools.shell().toString(), "-c", JOIN, "join"));
    command.add(Integer.toString(cgroups.size()));
    cgroups.forEach(cgroup -> command.add(cgroup.toString()));
    command.add(workdir.toString());
    var environment = environment(spec, account);
    environment.putAll(marks);
    return builder(command, environment, account, program).start();
  }

  /// The command followed by what gives the program its environment, session and user.
  private ProcessBuilder builder(
      List<String> command,
      Map<String, String> environment,
      UserAccount account,
      List<String> program) {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(Path.of("/").toFile());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.environment().clear();
    var names = new StringBuilder("-S--");
    for (var entry : environment.entrySet()) {
      var name = "SKEIN_ENV_" + builder.environment().size();
      builder.environment().put(name, entry.getKey() + "=" + entry.getValue());
      names.append(" ${").append(name).append('}');
    }
    command.addAll(List.of(tools.env().toString(), "-i", "--default-signal", names.toString()));
    command.addAll(List.of(tools.setsid().toString(), "--"));
    command.addAll(changeUser(account));
    command.addAll(program);
    return builder.command(command);
  }

  private List<String> changeUser(UserAccount account) {
    if (account.uid() == self.uid() && account.gid() == self.gid()) {
      return List.of();
    }
    return List.of(
        Objects.requireNonNull(tools.setpriv()).toString(),
        "--reuid=" + account.uid(),
        "--regid=" + account.gid(),
        account.known() ? "--init-groups" : "--clear-groups",
        "--");
  }

  private static TaskDirectory.Started await(Process process, String id) throws IOException {
    try (var reader = process.inputReader()) {
      var line = reader.readLine();
      var started = line == null ? null : TaskDirectory.Started.parse(line + "\n");
      if (started == null) {
        throw new IOException(
            "cannot start task "
                + id
                + ": "
                + (line == null || line.isEmpty() ? "its supervisor ended at once" : line));
      }
      return started;
    }
  }
}
