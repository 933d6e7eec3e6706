package dev.skein.bench.footprint;

import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.BenchNode;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.bench.cluster.Services;
import dev.skein.cli.client.ApiException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What the programs take on a cluster of three managers and two workers with 20 replicas.
///
/// - `skein node ls` through the launcher, from the process's start to its end.
/// - Resident memory and processor time of each daemon, after 500 writes and then idle minutes; the
///   processor's is of the last of them.
///
/// Arguments: `cli`, `size` or `all` (all), runs of the command (20), idle minutes (10).
@RealTime
public final class FootprintBench {
  private static final int REPLICAS = 20;
  private static final int WRITES = 500;
  private static final int WARM_UP = 3;

  private FootprintBench() {}

  /// Runs what was asked for.
  public static void main(String[] args) throws Exception {
    var which = args.length > 0 ? args[0] : "all";
    var runs = args.length > 1 ? Integer.parseInt(args[1]) : 20;
    var minutes = args.length > 2 ? Integer.parseInt(args[2]) : 10;
    Figures.machine();
    try (var cluster = LocalCluster.start(3, 2)) {
      load(cluster);
      if (!which.equals("size")) {
        commands(cluster, runs);
      }
      if (!which.equals("cli")) {
        daemons(cluster, minutes);
      }
    }
    Figures.print("load at the end", Figures.load());
  }

  private static void load(LocalCluster cluster) throws IOException, InterruptedException {
    try (var client = cluster.leader().client()) {
      client.post("/services/create", Services.sleeping("sleepers", REPLICAS));
      LocalCluster.await(
          "the replicas do not start", () -> LocalCluster.running(client, "sleepers") == REPLICAS);
      for (var i = 0; i < WRITES; i++) {
        var name = "idle-" + i;
        insist(() -> client.post("/services/create", Services.sleeping(name, 0)));
      }
      for (var i = 0; i < WRITES; i++) {
        var name = "idle-" + i;
        insist(() -> client.delete("/services/" + name));
      }
    }
  }

  /// A write that may fail, as on a busy machine whose leaders change.
  @FunctionalInterface
  private interface Write {
    void send() throws IOException;
  }

  private static void insist(Write write) throws IOException, InterruptedException {
    LocalCluster.await(
        "no write is acknowledged",
        () -> {
          try {
            write.send();
            return true;
          } catch (ApiException e) {
            // It may have been done although its acknowledgement was lost.
            return e.status() == 404 || e.status() == 409;
          }
        });
  }

  private static void commands(LocalCluster cluster, int runs)
      throws IOException, InterruptedException {
    var leader = cluster.leader();
    var follower = cluster.managerBeside(leader);
    for (var asked : List.of(leader, follower)) {
      var times = new ArrayList<Double>();
      for (var i = 0; i < runs + WARM_UP; i++) {
        var builder =
            new ProcessBuilder(LocalCluster.launcher(), "node", "ls")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("SKEIN_HOST", "unix://" + asked.socket());
        var start = System.nanoTime();
        var code = builder.start().waitFor();
        var millis = (System.nanoTime() - start) / 1e6;
        if (code != 0) {
          throw new IOException("skein node ls ended with " + code);
        }
        if (i >= WARM_UP) {
          times.add(millis);
        }
      }
      Figures.printTimes(
          "skein node ls, asking " + (asked == leader ? "the leader" : "another manager"), times);
    }
  }

  private static void daemons(LocalCluster cluster, int minutes)
      throws IOException, InterruptedException {
    var leader = cluster.leader();
    for (var node : cluster.nodes()) {
      Figures.print(role(node, leader) + ", after " + WRITES + " writes", memory(node));
    }
    TimeUnit.MINUTES.sleep(Math.max(0, minutes - 1));
    var before = new HashMap<BenchNode, Double>();
    for (var node : cluster.nodes()) {
      before.put(node, node.cpuSeconds());
    }
    TimeUnit.MINUTES.sleep(1);
    for (var node : cluster.nodes()) {
      var used = node.cpuSeconds() - before.getOrDefault(node, 0.0);
      Figures.print(
          role(node, leader) + ", after " + minutes + " idle minutes",
          "%s, %.2f %% of a core".formatted(memory(node), used / 60 * 100));
    }
  }

  private static String memory(BenchNode node) throws IOException {
    return "%.0f MB resident".formatted(node.residentBytes() / 1e6);
  }

  private static String role(BenchNode node, BenchNode leader) {
    return node.name()
        + (node == leader ? " (leader)" : node.name().startsWith("m") ? " (manager)" : " (worker)");
  }
}
