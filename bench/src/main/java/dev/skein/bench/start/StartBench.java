package dev.skein.bench.start;

import com.google.gson.JsonObject;
import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.bench.cluster.Services;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;

/// On a cluster of three managers and two workers: the time from the request that creates a service
/// of one replica until the API shows it running, and from the request that scales a service from 1
/// to 100 until all run. The replicas are `sleep`. Each begins when the tasks of the one before are
/// gone: ending them is work, too.
///
/// Arguments: services (20), scalings (3).
@RealTime
public final class StartBench {
  private static final int WARM_UP = 5;
  private static final int REPLICAS = 100;

  private StartBench() {}

  /// Runs both.
  public static void main(String[] args) throws Exception {
    var services = args.length > 0 ? Integer.parseInt(args[0]) : 20;
    var scalings = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    Figures.machine();
    try (var cluster = LocalCluster.start(3, 2);
        var client = cluster.leader().client()) {
      var starts = new ArrayList<Double>();
      for (var i = 0; i < services + WARM_UP; i++) {
        var millis = start(client, "start-" + i);
        if (i >= WARM_UP) {
          starts.add(millis);
        }
      }
      Figures.printTimes("service create to its replica running", starts);
      var scales = new ArrayList<Double>();
      for (var i = 0; i < scalings; i++) {
        scales.add(scale(client, "scale-" + i));
      }
      Figures.printTimes("scale 1 to " + REPLICAS + " replicas, all running", scales);
    }
    Figures.print("load at the end", Figures.load());
  }

  private static double start(EngineClient client, String name)
      throws IOException, InterruptedException {
    var start = System.nanoTime();
    client.post("/services/create", Services.sleeping(name, 1));
    LocalCluster.await(name + " does not run", 2, () -> LocalCluster.running(client, name) == 1);
    var millis = (System.nanoTime() - start) / 1e6;
    remove(client, name);
    return millis;
  }

  private static double scale(EngineClient client, String name)
      throws IOException, InterruptedException {
    client.post("/services/create", Services.sleeping(name, 1));
    LocalCluster.await(name + " does not run", () -> LocalCluster.running(client, name) == 1);
    JsonObject service = client.object("/services/" + name);
    var version = Json.number(service, "Version.Index", 0);
    var spec = service.getAsJsonObject("Spec");
    Json.make(spec, "Mode.Replicated").addProperty("Replicas", REPLICAS);
    var start = System.nanoTime();
    client.post("/services/" + name + "/update?version=" + version, spec);
    LocalCluster.await(
        name + " does not scale", () -> LocalCluster.running(client, name) == REPLICAS);
    var millis = (System.nanoTime() - start) / 1e6;
    remove(client, name);
    return millis;
  }

  private static void remove(EngineClient client, String name)
      throws IOException, InterruptedException {
    client.delete("/services/" + name);
    LocalCluster.await(
        name + " is not removed",
        () -> client.list("/services?filters=" + Services.filter("name", name)).isEmpty());
    LocalCluster.await(name + " has tasks left", () -> client.list("/tasks").isEmpty());
  }
}
