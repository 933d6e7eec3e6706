package dev.skein.chaos.lab;

import java.io.IOException;
import java.util.Optional;

/// A node of a cluster that an experiment is about.
public interface Member {

  /// By which experiments name it.
  String name();

  /// Its id in the cluster, where it is known.
  default String id() {
    return name();
  }

  /// Its address for the other nodes.
  String address();

  /// Whether it began as a manager.
  boolean isManager();

  /// Whether its daemon runs, as far as can be told.
  boolean isRunning() throws IOException;

  /// Why no fault may befall it, and what to do to allow it; empty when one may.
  default Optional<String> forbidden() {
    return Optional.empty();
  }
}
