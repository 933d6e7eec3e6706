package dev.skein.state.ratis;

import java.io.IOException;
import java.io.OutputStream;

/// An immutable state to be written by another thread while the machine goes on.
@FunctionalInterface
public interface MachineSnapshot {
  /// Writes the state. The stream is buffered and sealed, and closed by the caller.
  void writeTo(OutputStream out) throws IOException;
}
