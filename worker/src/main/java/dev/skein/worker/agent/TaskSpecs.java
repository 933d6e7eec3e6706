package dev.skein.worker.agent;

import dev.skein.proto.v1.AssignedTask;
import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.Metadata;
import dev.skein.worker.runtime.RuntimeRejection;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskSpec;
import java.util.ArrayList;
import java.util.Map;

/// From what the managers ask to what a runtime takes. Pure.
final class TaskSpecs {

  private TaskSpecs() {}

  /// @param env the task's whole environment
  /// @param metadata what the runtime is to keep for the next agent
  /// @throws RuntimeRejection if a value can't be meant, naming it
  static TaskSpec of(WorkerTask task, Map<String, String> env, AssignedTask metadata)
      throws RuntimeRejection {
    var container = task.spec().getContainerSpec();
    var command = new ArrayList<String>(container.getCommandList());
    command.addAll(container.getArgsList());
    if (command.isEmpty()) {
      throw new RuntimeRejection("the service names no command to run");
    }
    var limits = task.spec().getResources().getLimits();
    return new TaskSpec(
        task.id(),
        command,
        env,
        container.getDir().isEmpty() ? null : container.getDir(),
        container.getUser().isEmpty() ? null : container.getUser(),
        stopSignal(task),
        task.stopGrace(),
        new Limits(limits.getNanoCpus(), limits.getMemoryBytes(), limits.getPids()),
        Metadata.of(metadata.toByteArray()));
  }

  /// The signal that asks the task to end.
  static Signal stopSignal(WorkerTask task) throws RuntimeRejection {
    var named = task.spec().getContainerSpec().getStopSignal();
    try {
      return named.isEmpty() ? Signal.TERM : Signal.parse(named);
    } catch (IllegalArgumentException e) {
      throw new RuntimeRejection("stop signal: " + e.getMessage());
    }
  }
}
