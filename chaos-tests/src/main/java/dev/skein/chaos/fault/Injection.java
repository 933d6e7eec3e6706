package dev.skein.chaos.fault;

import java.io.IOException;

/// A fault that is in force.
@FunctionalInterface
public interface Injection {

  /// Ends it, and returns when what it did is undone: what it stopped runs and answers again.
  void end() throws IOException;
}
