package dev.skein.bench.cluster;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.daemon.DirectoryTree;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A cluster of daemons on this machine, made and removed by a driver. Not thread-safe.
@RealTime
public final class LocalCluster implements AutoCloseable {
  private static final String NETWORK = "127.88.1.";
  private static final int WAIT_SECONDS = 120;
  private static final long LOOK_AGAIN_MS = 20;

  private final Path directory;
  private final List<BenchNode> nodes = new ArrayList<>();
  private final Thread onExit = new Thread(this::removeNodes);

  /// A step that is repeated until it says that it is done.
  @FunctionalInterface
  public interface Check {
    /// Whether there is nothing more to wait for.
    boolean done() throws IOException;
  }

  private LocalCluster(Path directory) {
    this.directory = directory;
    Runtime.getRuntime().addShutdownHook(onExit);
  }

  /// The `skein` script that this benchmark was started for.
  public static String launcher() {
    var given = System.getenv("SKEIN_LAUNCHER");
    if (given == null || given.isEmpty()) {
      throw new IllegalStateException("run this through bench/run, which builds the program too");
    }
    return given;
  }

  /// A directory on disk for a driver's files; short, as sockets are below it.
  public static Path newDirectory() throws IOException {
    return Files.createTempDirectory(Path.of("/var/tmp"), "skein-bench");
  }

  /// Starts a cluster and waits until every node is ready and every manager takes part.
  public static LocalCluster start(int managers, int workers)
      throws IOException, InterruptedException {
    var cluster = new LocalCluster(newDirectory());
    try {
      cluster.up(managers, workers);
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void up(int managers, int workers) throws IOException, InterruptedException {
    for (var i = 1; i <= managers + workers; i++) {
      var name = i <= managers ? "m" + i : "w" + (i - managers);
      nodes.add(new BenchNode(name, NETWORK + i, directory.resolve(name)));
    }
    for (var node : nodes) {
      node.start();
    }
    for (var node : nodes) {
      await(node.name() + " does not answer", node::answers);
    }
    var first = nodes.getFirst();
    try (var client = first.client()) {
      client.post("/swarm/init", request(first));
      var tokens = client.object("/swarm").getAsJsonObject("JoinTokens");
      for (var node : nodes.subList(1, nodes.size())) {
        var request = request(node);
        var remotes = new JsonArray();
        remotes.add(first.rpcAddress());
        request.add("RemoteAddrs", remotes);
        request.add("JoinToken", tokens.get(node.isManager() ? "Manager" : "Worker"));
        await(node.name() + " cannot join", () -> join(node, request));
      }
    }
    awaitReady();
  }

  private static boolean join(BenchNode node, JsonObject request) throws IOException {
    try (var client = node.client()) {
      client.post("/swarm/join", request);
      return true;
    } catch (ApiException e) {
      // On a busy machine the leader may have changed just now.
      Figures.print(node.name() + " joins again", String.valueOf(e.getMessage()));
      return false;
    }
  }

  private static JsonObject request(BenchNode node) {
    var request = new JsonObject();
    request.addProperty("ListenAddr", node.rpcAddress());
    request.addProperty("AdvertiseAddr", node.rpcAddress());
    request.add("Spec", new JsonObject());
    return request;
  }

  /// All nodes, managers first.
  public List<BenchNode> nodes() {
    return List.copyOf(nodes);
  }

  /// The nodes that began as managers.
  public List<BenchNode> managers() {
    return nodes.stream().filter(BenchNode::isManager).toList();
  }

  /// A manager other than `one` whose daemon runs.
  public BenchNode managerBeside(BenchNode one) {
    return managers().stream()
        .filter(node -> node != one && node.isRunning())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no other manager runs"));
  }

  /// The node of this name.
  public BenchNode node(String name) {
    return nodes.stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no node " + name));
  }

  /// The present leader.
  public BenchNode leader() throws IOException, InterruptedException {
    var leaders = new ArrayList<BenchNode>();
    await(
        "there is no leader",
        () -> {
          for (var node : listNodes()) {
            if (Json.flag(node, "ManagerStatus.Leader")) {
              leaders.add(node(Json.text(node, "Description.Hostname")));
              return true;
            }
          }
          return false;
        });
    return leaders.getFirst();
  }

  /// Names of the nodes by their ids.
  public Map<String, String> names() throws IOException {
    var names = new HashMap<String, String>();
    for (var node : listNodes()) {
      names.put(Json.text(node, "ID"), Json.text(node, "Description.Hostname"));
    }
    return names;
  }

  private JsonArray listNodes() throws IOException {
    for (var manager : managers()) {
      if (manager.isRunning()) {
        try (var client = manager.client()) {
          return client.list("/nodes");
        } catch (UnreachableException | ApiException e) {
          // Another may know.
        }
      }
    }
    return new JsonArray();
  }

  /// Waits until every node is ready, and every manager reachable.
  public void awaitReady() throws IOException, InterruptedException {
    await(
        "not all nodes became ready; see " + directory,
        () -> {
          var ready = 0;
          var reachable = 0;
          for (var node : listNodes()) {
            ready += Json.text(node, "Status.State").equals("ready") ? 1 : 0;
            var reach = Json.text(node, "ManagerStatus.Reachability");
            reachable += reach.equals("reachable") ? 1 : 0;
          }
          return ready == nodes.size() && reachable == managers().size();
        });
  }

  /// Waits until `check` holds.
  ///
  /// @throws IOException with `otherwise` if that takes too long
  public static void await(String otherwise, Check check) throws IOException, InterruptedException {
    await(otherwise, LOOK_AGAIN_MS, check);
  }

  /// As the other method, looking every `lookAgainMs` milliseconds.
  public static void await(String otherwise, long lookAgainMs, Check check)
      throws IOException, InterruptedException {
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (!check.done()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException(otherwise);
      }
      Thread.sleep(lookAgainMs);
    }
  }

  /// How many of a service's tasks run now.
  public static int running(EngineClient client, String service) throws IOException {
    for (var each :
        client.list("/services?status=true&filters=" + Services.filter("name", service))) {
      if (Json.text(each, "Spec.Name").equals(service)) {
        return (int) Json.number(each, "ServiceStatus.RunningTasks", 0);
      }
    }
    return 0;
  }

  private void removeNodes() {
    // The daemons first, so that none starts on one node what was ended on another.
    for (var node : nodes) {
      try {
        node.killDaemon();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    for (var node : nodes) {
      try {
        node.remove();
      } catch (IOException | UncheckedIOException e) {
        IO.println("something of " + node.name() + " is left: " + e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Ends all daemons and tasks, and removes their state unless `SKEIN_BENCH_KEEP` is set.
  @Override
  public void close() throws IOException {
    Runtime.getRuntime().removeShutdownHook(onExit);
    removeNodes();
    if (System.getenv("SKEIN_BENCH_KEEP") == null) {
      DirectoryTree.delete(directory);
    }
  }
}
