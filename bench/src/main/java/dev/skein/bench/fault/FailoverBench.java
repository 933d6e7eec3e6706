package dev.skein.bench.fault;

import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.BenchNode;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.bench.cluster.Services;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Kills nodes of a cluster of three managers and two workers with SIGKILL and takes the time until
/// it goes on.
///
/// - The leader's daemon: until a write through the API of another manager is acknowledged. The
///   write is sent at once and, where it is refused, again.
/// - A node with all its tasks, as by a power failure: until all replicas of a service run
///   elsewhere, as another manager's API shows it.
///
/// Arguments: kills of the leader for the first (20), kills of nodes for the second (5; as many
/// again of leaders).
@RealTime
public final class FailoverBench {
  private static final String SERVICE = "sleepers";
  private static final int REPLICAS = 10;
  private static final int TRY_AGAIN_MS = 5;
  private static final int LOOK_AGAIN_MS = 10;

  private final LocalCluster cluster;
  private int probes;
  private String refusal = "";

  private FailoverBench(LocalCluster cluster) {
    this.cluster = cluster;
  }

  /// Runs all kills.
  public static void main(String[] args) throws Exception {
    var leaders = args.length > 0 ? Integer.parseInt(args[0]) : 20;
    var nodes = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    Figures.machine();
    try (var cluster = LocalCluster.start(3, 2)) {
      var bench = new FailoverBench(cluster);
      bench.writes(leaders);
      bench.replicas(nodes, false);
      bench.replicas(nodes, true);
    }
    Figures.print("load at the end", Figures.load());
  }

  private void writes(int kills) throws IOException, InterruptedException {
    var times = new ArrayList<Double>();
    for (var i = 0; i < kills; i++) {
      var leader = cluster.leader();
      try (var client = cluster.managerBeside(leader).client()) {
        write(client);
        var start = System.nanoTime();
        leader.killDaemon();
        write(client);
        times.add(millisSince(start));
      } catch (IOException e) {
        // What was measured until then still counts.
        Figures.printTimes("leader killed to next acknowledged write", times);
        throw new IOException("refused last with: " + refusal, e);
      }
      restart(leader);
    }
    Figures.printTimes("leader killed to next acknowledged write", times);
  }

  private void write(EngineClient client) throws IOException, InterruptedException {
    LocalCluster.await(
        "no write is acknowledged",
        TRY_AGAIN_MS,
        () -> {
          try {
            client.post("/services/create", Services.sleeping("probe-" + ++probes, 0));
            return true;
          } catch (UnreachableException | ApiException e) {
            refusal = String.valueOf(e.getMessage());
            return false;
          }
        });
  }

  private void restart(BenchNode node) throws IOException, InterruptedException {
    node.start();
    // The others may not have missed it yet.
    LocalCluster.await(node.name() + " does not answer", node::answers);
    cluster.awaitReady();
  }

  private void replicas(int kills, boolean leader) throws IOException, InterruptedException {
    var times = new ArrayList<Double>();
    for (var i = 0; i < kills; i++) {
      var leading = cluster.leader();
      var other = cluster.managerBeside(leading);
      var victim = leader ? leading : victim(leading, other, i);
      try (var client = other.client()) {
        client.post("/services/create", Services.sleeping(SERVICE, REPLICAS));
        LocalCluster.await("the replicas do not start", () -> runningOn(client).size() == REPLICAS);
        var id =
            cluster.names().entrySet().stream()
                .filter(entry -> entry.getValue().equals(victim.name()))
                .findFirst()
                .orElseThrow()
                .getKey();
        if (!runningOn(client).contains(id)) {
          throw new IOException("no replica runs on " + victim.name());
        }
        var start = System.nanoTime();
        victim.killAll();
        LocalCluster.await(
            "the replicas do not move",
            LOOK_AGAIN_MS,
            () -> {
              try {
                var on = runningOn(client);
                return on.size() == REPLICAS && !on.contains(id);
              } catch (UnreachableException | ApiException e) {
                return false;
              }
            });
        times.add(millisSince(start));
      }
      restart(victim);
      try (var client = other.client()) {
        client.delete("/services/" + SERVICE);
        LocalCluster.await("the tasks do not end", () -> !exists(client));
      }
    }
    Figures.printTimes(
        (leader ? "leading" : "other") + " node killed to all replicas elsewhere", times);
  }

  /// A removed service is there until its last task has ended.
  private static boolean exists(EngineClient client) throws IOException {
    try {
      client.object("/services/" + SERVICE);
      return true;
    } catch (ApiException e) {
      if (e.status() != 404) {
        throw e;
      }
      return false;
    }
  }

  /// Workers and following managers in turn; never the one that is asked.
  private BenchNode victim(BenchNode leader, BenchNode asked, int turn) {
    var candidates =
        cluster.nodes().stream().filter(node -> node != leader && node != asked).toList();
    return candidates.get(turn % candidates.size());
  }

  /// The nodes of the replicas that run and shall run.
  private static List<String> runningOn(EngineClient client) throws IOException {
    var nodes = new ArrayList<String>();
    try {
      for (var task : client.list("/tasks?filters=" + Services.filter("service", SERVICE))) {
        if (Json.text(task, "Status.State").equals("running")
            && Json.text(task, "DesiredState").equals("running")) {
          nodes.add(Json.text(task, "NodeID"));
        }
      }
    } catch (ApiException e) {
      if (e.status() != 404) {
        throw e;
      }
    }
    return nodes;
  }

  private static double millisSince(long start) {
    return (System.nanoTime() - start) / 1e6;
  }
}
