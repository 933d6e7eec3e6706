package dev.skein.manager.stats;

import dev.skein.manager.LeaderDuty;
import dev.skein.manager.dispatch.MeasurementListener;
import dev.skein.proto.v1.NodeStats;
import dev.skein.state.Limits;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What nodes said last of what they use. Best effort: it is in the leader's memory only, a new
/// leader begins with nothing, and what is old counts as unknown. Thread-safe.
public final class ClusterStats implements MeasurementListener, LeaderDuty {
  /// A node that has said nothing for so long is not counted with what it said before.
  public static final Duration FRESH = Duration.ofSeconds(10);

  private final InstantSource clock;
  private final Map<String, Sample> nodes = new ConcurrentHashMap<>();
  private final Set<String> wanted = ConcurrentHashMap.newKeySet();
  private volatile Runnable onWanted = () -> {};

  private record Sample(NodeStats stats, Instant at) {}

  /// @param clock the dispatcher's
  public ClusterStats(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public void begin() {
    nodes.clear();
    wanted.clear();
  }

  @Override
  public void end() {
    begin();
  }

  /// Sets who is told that some service is wanted; it must return soon.
  public void onWanted(Runnable listener) {
    onWanted = listener;
  }

  @Override
  public void measured(String nodeId, NodeStats stats, Instant now) {
    nodes.put(nodeId, new Sample(stats, now));
    if (nodes.size() > Limits.NODES) {
      forgetOld(now);
    }
  }

  @Override
  public void wanted(List<String> serviceIds) {
    for (var id : serviceIds) {
      if (wanted.size() < Limits.SERVICES) {
        wanted.add(id);
      }
    }
    onWanted.run();
  }

  /// The services that clients began to wait for since the last call.
  public Set<String> takeWanted() {
    var taken = new HashSet<>(wanted);
    wanted.removeAll(taken);
    return taken;
  }

  /// What is known now, by node.
  public Map<String, NodeStats> fresh() {
    var now = clock.instant();
    forgetOld(now);
    var fresh = new HashMap<String, NodeStats>();
    nodes.forEach((id, sample) -> fresh.put(id, sample.stats));
    return fresh;
  }

  private void forgetOld(Instant now) {
    nodes.values().removeIf(sample -> sample.at.plus(FRESH).isBefore(now));
  }
}
