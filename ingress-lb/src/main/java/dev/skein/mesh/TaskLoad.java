package dev.skein.mesh;

import java.util.function.Consumer;

/// The open connections of one task over all its published ports, and whether its end is awaited.
///
/// Thread-safe: ports of one task can live on different event loops.
final class TaskLoad {
  private final String taskId;
  private final Consumer<String> drained;
  private int open;
  private boolean draining;
  private boolean told;

  TaskLoad(String taskId, Consumer<String> drained) {
    this.taskId = taskId;
    this.drained = drained;
  }

  synchronized void opened() {
    open++;
  }

  void closed() {
    synchronized (this) {
      open--;
    }
    tellWhenDrained();
  }

  /// Says whether new connections are over for this task; call it after its ports stopped choosing
  /// it.
  void draining(boolean value) {
    synchronized (this) {
      draining = value;
      if (!value) {
        told = false;
      }
    }
    tellWhenDrained();
  }

  private void tellWhenDrained() {
    synchronized (this) {
      if (!draining || told || open > 0) {
        return;
      }
      told = true;
    }
    // Outside the monitor, so that the listener may call the mesh.
    drained.accept(taskId);
  }
}
