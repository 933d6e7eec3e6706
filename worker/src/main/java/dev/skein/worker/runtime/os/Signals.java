package dev.skein.worker.runtime.os;

import dev.skein.worker.runtime.Signal;
import java.io.IOException;

/// Sends signals to processes.
public final class Signals {

  private Signals() {}

  /// Signals exactly this process; false when it has ended.
  public static boolean send(ProcessId id, Signal signal) throws IOException {
    var linux = Linux.available();
    if (linux.isEmpty()) {
      return ProcFs.alive(id) && command(id.pid(), signal);
    }
    try {
      var pidfd = linux.get().pidfdOpen(id.pid());
      try {
        // The descriptor pins the process, so after this check the number cannot change hands.
        if (!ProcFs.alive(id)) {
          return false;
        }
        linux.get().pidfdSendSignal(pidfd, signal.number());
        return true;
      } finally {
        linux.get().close(pidfd);
      }
    } catch (Linux.CallFailed e) {
      if (e.errno() == Linux.ESRCH) {
        return false;
      }
      throw new IOException("cannot send " + signal.name() + " to process " + id.pid(), e);
    }
  }

  /// Signals a process whose number cannot have changed hands, such as a frozen one; false when
  /// there is none.
  public static boolean send(long pid, Signal signal) throws IOException {
    var linux = Linux.available();
    if (linux.isEmpty()) {
      return command(pid, signal);
    }
    try {
      linux.get().kill(pid, signal.number());
      return true;
    } catch (Linux.CallFailed e) {
      if (e.errno() == Linux.ESRCH) {
        return false;
      }
      throw e;
    }
  }

  private static boolean command(long pid, Signal signal) throws IOException {
    var process =
        new ProcessBuilder(
                "/bin/sh", "-c", "kill -\"$1\" \"$2\"", "sh", signal.number() + "", pid + "")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      return process.waitFor() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while sending " + signal.name() + " to " + pid, e);
    }
  }
}
