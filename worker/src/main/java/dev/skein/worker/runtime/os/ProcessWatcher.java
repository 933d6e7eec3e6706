package dev.skein.worker.runtime.os;

import java.io.IOException;

/// Tells when processes end that need not be this one's children.
public interface ProcessWatcher extends AutoCloseable {

  /// Runs `onGone` once, on a virtual thread of its own, when the process has ended: at once when
  /// it has ended already, never after [#close].
  void watch(ProcessId id, Runnable onGone) throws IOException;

  /// How exits are noticed.
  String description();

  /// Stops telling and ends the watcher's thread.
  @Override
  void close();

  /// The best watcher that this system has.
  static ProcessWatcher open() throws IOException {
    var linux = Linux.available();
    if (linux.isPresent()) {
      try {
        linux.get().close(linux.get().pidfdOpen(ProcessHandle.current().pid()));
        return new PidfdWatcher(linux.get());
      } catch (Linux.CallFailed e) {
        // The kernel is older than 5.3, or a sandbox forbids the call.
        return new PollingWatcher();
      }
    }
    return new PollingWatcher();
  }
}
