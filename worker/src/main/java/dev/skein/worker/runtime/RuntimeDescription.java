package dev.skein.worker.runtime;

import java.util.List;

/// What a runtime can do on this node.
///
/// @param runtime the runtime's name
/// @param features each thing that a user may ask for, and whether it is enforced here
public record RuntimeDescription(String runtime, List<Feature> features) {

  /// Copies the list.
  public RuntimeDescription {
    features = List.copyOf(features);
  }

  /// The feature's entry. Throws [IllegalArgumentException] for a name that no entry has.
  public Feature feature(String name) {
    return features.stream()
        .filter(feature -> feature.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no runtime feature \"" + name + "\""));
  }

  /// One thing that a user may ask for.
  ///
  /// @param name one of the constants below
  /// @param enforced whether it holds here
  /// @param how by what it is enforced, or why it is not and what to do
  public record Feature(String name, boolean enforced, String how) {

    /// [Limits#nanoCpus].
    public static final String CPU_LIMIT = "cpu limit";

    /// [Limits#memoryBytes].
    public static final String MEMORY_LIMIT = "memory limit";

    /// [Limits#pids].
    public static final String PIDS_LIMIT = "pids limit";

    /// That no process of an ended task survives.
    public static final String PROCESS_TREE = "process tree";

    /// Running as another user than the daemon's.
    public static final String USER = "user";

    /// That exits are noticed at once.
    public static final String EXIT_NOTICE = "exit notice";

    /// That a task's log does not grow without bound.
    public static final String LOG_ROTATION = "log rotation";
  }
}
