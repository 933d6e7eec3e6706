package dev.skein.bench.assign;

import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.ControlConnection;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.bench.cluster.Services;
import dev.skein.cli.client.EngineClient;
import dev.skein.proto.v1.ListRequest;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import java.io.IOException;

/// Three managers as daemons, and workers that speak the real protocol over connections of their
/// own, all in this process: the time from the request for a service until every replica was
/// planned, stored by a quorum, assigned and delivered to its worker; and until the managers know
/// that all run.
///
/// Arguments: replicas (10,000), workers (1,000), rounds (3).
@RealTime
public final class AssignBench {
  private final SimulatedFleet workers;

  private AssignBench(SimulatedFleet workers) {
    this.workers = workers;
  }

  /// Runs all rounds.
  public static void main(String[] args) throws Exception {
    var replicas = args.length > 0 ? Integer.parseInt(args[0]) : 10_000;
    var count = args.length > 1 ? Integer.parseInt(args[1]) : 1_000;
    var rounds = args.length > 2 ? Integer.parseInt(args[2]) : 3;
    Figures.machine();
    try (var cluster = LocalCluster.start(3, 0);
        var workers = SimulatedFleet.join(cluster, count)) {
      var bench = new AssignBench(workers);
      for (var i = 0; i < rounds; i++) {
        bench.round(cluster, "assign-" + i, replicas);
      }
    }
    Figures.print("load at the end", Figures.load());
  }

  private void round(LocalCluster cluster, String name, int replicas)
      throws IOException, InterruptedException {
    var spec = SimulatedFleet.service(name, replicas);
    try (var client = cluster.leader().client()) {
      var start = System.nanoTime();
      client.post("/services/create", spec);
      LocalCluster.await(name + " is not assigned", 5, () -> workers.tasks() == replicas);
      var delivered = (System.nanoTime() - start) / 1e9;
      LocalCluster.await(
          name + " does not run", 50, () -> LocalCluster.running(client, name) == replicas);
      var running = (System.nanoTime() - start) / 1e9;
      requireAllAssigned(cluster, replicas);
      Figures.print(
          name + ", " + replicas + " tasks delivered to " + workers.size() + " workers",
          "%.2f s, %.0f tasks/s; all known to run after %.2f s"
              .formatted(delivered, replicas / delivered, running));
      remove(client, name);
    }
  }

  /// What the workers say must be what the cluster's state says.
  private static void requireAllAssigned(LocalCluster cluster, int replicas)
      throws IOException, InterruptedException {
    var assigned = 0;
    try (var connection = ControlConnection.to(cluster.leader())) {
      var pages =
          connection
              .control()
              .list(ListRequest.newBuilder().setKind(ObjectKind.OBJECT_KIND_TASK).build());
      while (pages.hasNext()) {
        for (var object : pages.next().getObjectsList()) {
          assigned += isAssigned(object.getTask()) ? 1 : 0;
        }
      }
    }
    if (assigned != replicas) {
      throw new IOException(assigned + " tasks are assigned, not " + replicas);
    }
  }

  private static boolean isAssigned(Task task) {
    var state = task.getStatus().getState();
    return !task.getNodeId().isEmpty()
        && task.getDesiredState() == TaskState.TASK_STATE_RUNNING
        && state.getNumber() >= TaskState.TASK_STATE_ASSIGNED.getNumber()
        && state.getNumber() <= TaskState.TASK_STATE_RUNNING.getNumber();
  }

  private void remove(EngineClient client, String name) throws IOException, InterruptedException {
    client.delete("/services/" + name);
    LocalCluster.await(name + " is not removed", () -> workers.tasks() == 0);
    LocalCluster.await(
        name + "'s tasks are not removed",
        500,
        () -> client.list("/services?filters=" + Services.filter("name", name)).isEmpty());
  }
}
