package dev.skein.bench.assign;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.BenchNode;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.bench.cluster.Services;
import dev.skein.cli.format.Json;
import dev.skein.manager.ca.JoinToken;
import dev.skein.worker.agent.Agent;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Many simulated workers of one cluster.
@RealTime
final class SimulatedFleet implements AutoCloseable {
  private static final int JOINS_AT_ONCE = 8;
  private static final int JOIN_ATTEMPTS_MAX = 5;

  // Kept here, or its level would be forgotten with it.
  private static final Logger AGENT_LOG = Logger.getLogger(Agent.class.getName());

  private final List<SimulatedWorker> workers = new ArrayList<>();

  private SimulatedFleet() {}

  /// Joins so many workers, and waits until all are connected.
  static SimulatedFleet join(LocalCluster cluster, int count)
      throws IOException, InterruptedException, ExecutionException {
    // A thousand agents tell of each change of the leader.
    AGENT_LOG.setLevel(Level.WARNING);
    var fleet = new SimulatedFleet();
    fleet.joinAll(cluster, count);
    return fleet;
  }

  private void joinAll(LocalCluster cluster, int count)
      throws IOException, InterruptedException, ExecutionException {
    var leader = cluster.leader();
    JoinToken token;
    try (var client = leader.client()) {
      token = JoinToken.parse(Json.text(client.object("/swarm"), "JoinTokens.Worker"));
    }
    var start = System.nanoTime();
    try (var joining = Executors.newFixedThreadPool(JOINS_AT_ONCE)) {
      var joins = new ArrayList<Future<SimulatedWorker>>();
      for (var i = 0; i < count; i++) {
        var number = i;
        joins.add(joining.submit(() -> join(number, cluster, leader, token)));
      }
      for (var join : joins) {
        workers.add(join.get());
      }
    }
    LocalCluster.await(
        "not all workers are connected",
        () -> workers.stream().allMatch(SimulatedWorker::isConnected));
    Figures.print(
        "workers joined and connected",
        "%d in %.1f s".formatted(count, (System.nanoTime() - start) / 1e9));
  }

  /// On a busy machine the leader may change meanwhile; then the next one is asked.
  private static SimulatedWorker join(
      int number, LocalCluster cluster, BenchNode leader, JoinToken token)
      throws IOException, InterruptedException {
    var asked = leader;
    for (var attempt = 1; ; attempt++) {
      try {
        return SimulatedWorker.join(number, asked.rpcAddress(), token);
      } catch (StatusRuntimeException refused) {
        if (attempt == JOIN_ATTEMPTS_MAX
            || refused.getStatus().getCode() != Status.Code.UNAVAILABLE) {
          throw refused;
        }
        asked = cluster.leader();
      }
    }
  }

  /// A service for these workers alone.
  static JsonObject service(String name, int replicas) {
    var spec = Services.sleeping(name, replicas);
    var constraints = new JsonArray();
    constraints.add("node.role==worker");
    Json.make(spec, "TaskTemplate.Placement").add("Constraints", constraints);
    return spec;
  }

  int size() {
    return workers.size();
  }

  /// Tasks that they were given.
  int tasks() {
    return workers.stream().mapToInt(SimulatedWorker::tasks).sum();
  }

  @Override
  public void close() {
    workers.forEach(SimulatedWorker::close);
  }
}
