package dev.skein.chaos.experiment;

import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.experiment.Experiment.Hypothesis;
import dev.skein.chaos.experiment.Experiment.Probe;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.MeshProbe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Looks whether the hypotheses of an experiment hold.
final class SteadyState implements AutoCloseable {

  private static final Duration HTTP_PAUSE = Duration.ofMillis(100);

  private final List<Hypothesis> hypotheses;
  private final Load load;
  private final Watching watching;
  private final Map<Integer, MeshProbe> meshes = new HashMap<>();

  SteadyState(
      Cluster cluster,
      List<Hypothesis> hypotheses,
      Load load,
      Watching watching,
      LongSupplier nanoTime) {
    this.hypotheses = hypotheses;
    this.load = load;
    this.watching = watching;
    for (var hypothesis : hypotheses) {
      if (hypothesis.probe() == Probe.HTTP) {
        meshes.computeIfAbsent(
            hypothesis.port(), port -> MeshProbe.start(cluster, port, HTTP_PAUSE, nanoTime));
      }
    }
  }

  /// What does not hold, of what was seen since a time.
  ///
  /// @param onlyContinuous whether those are left out that hold at the edges only
  List<String> broken(long sinceNanos, boolean onlyContinuous) {
    var broken = new ArrayList<String>();
    for (var hypothesis : hypotheses) {
      if (!onlyContinuous || hypothesis.mode() == Experiment.Mode.CONTINUOUS) {
        what(hypothesis, sinceNanos).ifPresent(broken::add);
      }
    }
    return broken;
  }

  private Optional<String> what(Hypothesis hypothesis, long since) {
    return switch (hypothesis.probe()) {
      case WRITE_OK -> slow("write_ok", load.writesSince(since), hypothesis.p99());
      case CONVERGED ->
          watching.missing().isEmpty()
              ? Optional.empty()
              : Optional.of("converged: " + watching.missing());
      case SLOTS_UNIQUE ->
          watching.slots() instanceof Verdict.Violated violated
              ? Optional.of("slots_unique: " + violated.what())
              : Optional.empty();
      case LEADER_KNOWN ->
          watching.withoutLeader().compareTo(Duration.ofSeconds(2)) > 0
              ? Optional.of("leader_known: none for " + watching.withoutLeader().toSeconds() + " s")
              : Optional.empty();
      case HTTP -> http(hypothesis, since);
    };
  }

  private Optional<String> http(Hypothesis hypothesis, long since) {
    var mesh = meshes.get(hypothesis.port());
    var calls = mesh == null ? List.<MeshProbe.Call>of() : mesh.since(since);
    var failed = calls.stream().filter(call -> !call.answered()).toList();
    return failed.isEmpty()
        ? slow(
            "http " + hypothesis.port(),
            calls.stream().map(MeshProbe.Call::tookNanos).sorted().toList(),
            hypothesis.p99())
        : Optional.of(
            "http %d: %d of %d calls failed, the first at %s"
                .formatted(
                    hypothesis.port(), failed.size(), calls.size(), failed.getFirst().node()));
  }

  private static Optional<String> slow(String what, List<Long> sorted, Duration limit) {
    if (sorted.isEmpty()) {
      return Optional.of(what + ": nothing was answered");
    }
    var p99 = Duration.ofNanos(Percentile.of(sorted, 99));
    return p99.compareTo(limit) > 0
        ? Optional.of(
            "%s: p99 is %d ms, more than %d".formatted(what, p99.toMillis(), limit.toMillis()))
        : Optional.empty();
  }

  @Override
  public void close() {
    meshes.values().forEach(MeshProbe::close);
  }
}
