package dev.skein.bench.assign;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;

/// A rolling update of many replicas on simulated workers, three managers as daemons: from the
/// request until the managers say that it is completed.
///
/// Arguments: replicas (1,000), workers (100), parallelism (100), rounds (5).
@RealTime
public final class UpdateBench {
  private static final String NAME = "rolled";
  private static final long MS_NANOS = 1_000_000;

  private UpdateBench() {}

  /// Runs all rounds.
  public static void main(String[] args) throws Exception {
    var replicas = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
    var workers = args.length > 1 ? Integer.parseInt(args[1]) : 100;
    var parallelism = args.length > 2 ? Integer.parseInt(args[2]) : 100;
    var rounds = args.length > 3 ? Integer.parseInt(args[3]) : 5;
    Figures.machine();
    try (var cluster = LocalCluster.start(3, 0);
        var fleet = SimulatedFleet.join(cluster, workers);
        var client = cluster.leader().client()) {
      var spec = SimulatedFleet.service(NAME, replicas);
      var rollout = Json.make(spec, "UpdateConfig");
      rollout.addProperty("Parallelism", parallelism);
      // What is watched after the last task runs is no work.
      rollout.addProperty("Monitor", MS_NANOS);
      client.post("/services/create", spec);
      LocalCluster.await(
          NAME + " does not run", 50, () -> LocalCluster.running(client, NAME) == replicas);
      var millis = new ArrayList<Double>();
      for (var round = 0; round < rounds; round++) {
        millis.add(update(client, round));
        if (fleet.tasks() < replicas || LocalCluster.running(client, NAME) != replicas) {
          throw new IOException("not all " + replicas + " tasks run after the update");
        }
      }
      Figures.printTimes(
          "%d replicas on %d workers replaced, %d at a time"
              .formatted(replicas, fleet.size(), parallelism),
          millis);
    }
    Figures.print("load at the end", Figures.load());
  }

  private static double update(EngineClient client, int round)
      throws IOException, InterruptedException {
    var service = client.object("/services/" + NAME);
    var spec = Json.make(service, "Spec");
    var arguments = new JsonArray();
    arguments.add(Integer.toString(3_600 + round));
    Json.make(spec, "TaskTemplate.ContainerSpec").add("Args", arguments);
    var start = System.nanoTime();
    client.post(
        "/services/%s/update?version=%d"
            .formatted(Json.text(service, "ID"), Json.number(service, "Version.Index", 0)),
        spec);
    LocalCluster.await("the update is not completed", 20, () -> isCompleted(client));
    return (System.nanoTime() - start) / 1e6;
  }

  private static boolean isCompleted(EngineClient client) throws IOException {
    JsonObject service = client.object("/services/" + NAME);
    return Json.text(service, "UpdateStatus.State").equals("completed");
  }
}
