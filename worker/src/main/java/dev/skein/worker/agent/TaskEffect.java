package dev.skein.worker.agent;

/// What a task's machine asks to be done for its task. Each is answered by an event, successful or
/// not.
public enum TaskEffect {
  /// Put in place what the task needs: answered by [TaskEvent.Prepared] or
  /// [TaskEvent.PrepareFailed].
  PREPARE,
  /// Run it: answered by [TaskEvent.Started] or [TaskEvent.StartFailed].
  START,
  /// Probe its health, within the check's timeout: answered by [TaskEvent.Probed]. The only one
  /// that runs beside others.
  PROBE,
  /// Signal it, wait for its grace period, kill what is left: answered by [TaskEvent.Exited] or
  /// [TaskEvent.StopFailed].
  STOP,
  /// Remove its files and whatever else the node holds for it: answered by [TaskEvent.Removed] or
  /// [TaskEvent.RemoveFailed].
  REMOVE
}
