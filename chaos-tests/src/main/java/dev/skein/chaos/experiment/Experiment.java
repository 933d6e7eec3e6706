package dev.skein.chaos.experiment;

import dev.skein.chaos.fault.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// An experiment: what is taken to be so, what is done to the cluster, when to stop, and what
/// is looked at in the end. Read from YAML by [ExperimentReader], which checks all of it.
///
/// @param seed of all that is left to chance
/// @param steadyState what must hold before anything is done, and after
/// @param verify what is judged when all is over
/// @param convergeWithin how long the cluster may take to be well again after the last fault
public record Experiment(
    String title,
    long seed,
    Load workload,
    List<Hypothesis> steadyState,
    List<Step> method,
    List<Abort> abort,
    Guard guard,
    List<Check> verify,
    Duration convergeWithin) {

  /// What the cluster has to do meanwhile.
  ///
  /// @param clients that write and read at the same time
  /// @param keys objects that they work on
  /// @param ratePerSecond operations in a second, of all clients together
  /// @param services real services with tasks, whose convergence is watched
  /// @param replicas of each of them
  public record Load(int clients, int keys, int ratePerSecond, int services, int replicas) {

    /// What holds when a file says nothing.
    public static final Load DEFAULT = new Load(4, 20, 40, 2, 3);

    /// The same with another seed-independent part changed.
    Load with(String name, int value) {
      return new Load(
          name.equals("clients") ? value : clients,
          name.equals("keys") ? value : keys,
          name.equals("rate") ? value : ratePerSecond,
          name.equals("services") ? value : services,
          name.equals("replicas") ? value : replicas);
    }
  }

  /// Something that is so in a healthy cluster.
  ///
  /// @param p99 for probes that take time: what 99 of 100 may take at most
  /// @param port for [Probe#HTTP]: the published port
  public record Hypothesis(Probe probe, Mode mode, Duration p99, int port) {}

  /// What can be looked at.
  public enum Probe {
    /// Writes are acknowledged, fast enough.
    WRITE_OK,
    /// All services have as many running tasks as they should.
    CONVERGED,
    /// No slot has two tasks.
    SLOTS_UNIQUE,
    /// A leader is known.
    LEADER_KNOWN,
    /// A published port answers through every node's mesh.
    HTTP;

    /// As in files: `write_ok`.
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// When it must hold.
  public enum Mode {
    /// Before the method and after it.
    EDGE,
    /// All the time: that it once does not ends the experiment as failed.
    CONTINUOUS;

    /// As in files.
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// One fault.
  ///
  /// @param at after the method's beginning
  /// @param lasts until it is ended; zero for a fault that does not last
  /// @param options all of the fault's, checked
  public record Step(
      Duration at, Fault fault, Target target, Duration lasts, Map<String, String> options) {

    /// When it is over, after the method's beginning.
    public Duration end() {
      return at.plus(lasts);
    }
  }

  /// Ends everything when it is reached.
  public record Abort(Measure measure, Duration limit) {

    @Override
    public String toString() {
      return "%s > %s".formatted(measure.word(), Words.of(limit));
    }
  }

  /// What an abort condition is about.
  public enum Measure {
    /// How long no write was acknowledged.
    WRITE_GAP,
    /// How long no manager knows a leader.
    QUORUM_LOST,
    /// How long a service has not had its tasks.
    UNCONVERGED;

    /// As in files.
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// What an experiment must not do.
  ///
  /// @param requireLabel of each node, on clusters that are not a local one
  /// @param anyManagers whether more than a minority of the managers may be hurt at once
  /// @param deadman when a fault undoes itself, whatever becomes of the run
  public record Guard(String requireLabel, boolean anyManagers, Duration deadman) {

    /// What holds when a file says nothing.
    public static final Guard DEFAULT = new Guard("chaos.allowed", false, Duration.ofMinutes(2));
  }

  /// The same experiment with another seed.
  public Experiment withSeed(Optional<Long> other) {
    return new Experiment(
        title,
        other.orElse(seed),
        workload,
        steadyState,
        method,
        abort,
        guard,
        verify,
        convergeWithin);
  }

  /// When the last fault has ended.
  public Duration length() {
    return method.stream().map(Step::end).max(Duration::compareTo).orElse(Duration.ZERO);
  }
}
