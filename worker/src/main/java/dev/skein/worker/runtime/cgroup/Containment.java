package dev.skein.worker.runtime.cgroup;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.TaskUsage;
import dev.skein.worker.runtime.os.Awaiting;
import dev.skein.worker.runtime.os.ProcessId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Keeps the processes of each task together, so that they can be limited, measured and killed as
/// one.
///
/// Stateless: everything is in the kernel, found by the task's id and, where there are no cgroups,
/// by its main process. Safe for any thread.
public sealed interface Containment permits CgroupV1, CgroupV2, SessionTree {

  /// The name of the variable that marks a task's processes; see [#mark].
  String MARK_NAME = "SKEIN_TASK";

  /// What every task's environment says under [#MARK_NAME].
  static String mark(String daemonId, String taskId) {
    return daemonId + "/" + taskId;
  }

  /// What is enforced for tasks, and how.
  List<Feature> features();

  /// Makes what the task needs and returns the cgroups that its first process must join before it
  /// executes the command.
  List<Path> create(String taskId, Limits limits) throws IOException;

  /// The cgroups that [#create] returned, for another process that joins the task.
  List<Path> joined(String taskId, Limits limits);

  /// The numbers of the task's live processes.
  ///
  /// @param main the task's main process, or null when it never existed
  List<Long> processes(String taskId, @Nullable ProcessId main) throws IOException;

  /// Sends SIGKILL to every process that the task has now, leaving none the time to fork; false
  /// when it has none.
  boolean kill(String taskId, @Nullable ProcessId main) throws IOException;

  /// What the task uses.
  TaskUsage usage(String taskId, @Nullable ProcessId main) throws IOException;

  /// Whether the kernel killed one of the task's processes for lack of memory.
  boolean oomKilled(String taskId) throws IOException;

  /// Removes what [#create] made. The task has no processes any more.
  void remove(String taskId) throws IOException;

  /// The tasks for which something exists.
  Set<String> taskIds() throws IOException;

  /// Removes what is shared by the tasks, when there are none.
  void tidy() throws IOException;

  /// Kills until nothing of the task is left; false when something survived for `limit`.
  default boolean killAll(String taskId, @Nullable ProcessId main, Duration limit)
      throws IOException {
    return Awaiting.until(limit, () -> !kill(taskId, main));
  }
}
