package dev.skein.cli.dev;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The local cluster of one user: a directory for each node below [#root].
final class DevCluster {

  static final int NODES_MAX = 50;

  /// The first of the nodes' addresses is `127.77.0.1`: away from what people give to other things.
  private static final String NETWORK = "127.77.0.";

  private static final int PORT = 2377;
  private static final int START_SECONDS = 60;
  private static final int STOP_SECONDS = 20;
  private static final long LOOK_AGAIN_MS = 50;

  private final CommandContext context;
  private final Path root;

  DevCluster(CommandContext context) {
    this.context = context;
    this.root = rootOf(context);
  }

  private static Path rootOf(CommandContext context) {
    var environment = context.environment();
    var own = environment.get("SKEIN_DEV_ROOT");
    if (own != null && !own.isEmpty()) {
      return Path.of(own).toAbsolutePath();
    }
    var data = environment.get("XDG_DATA_HOME");
    return (data != null && !data.isEmpty()
            ? Path.of(data)
            : Path.of(environment.getOrDefault("HOME", "/tmp"), ".local", "share"))
        .resolve("skein")
        .resolve("dev");
  }

  Path root() {
    return root;
  }

  /// The nodes, managers first.
  List<DevNode> nodes() throws IOException {
    var nodes = new ArrayList<DevNode>();
    if (Files.isDirectory(root)) {
      try (var directories = Files.newDirectoryStream(root, "[mw]*")) {
        for (var directory : directories) {
          nodes.add(DevNode.in(directory));
        }
      }
    }
    nodes.sort(
        Comparator.comparing((DevNode node) -> !node.isManager())
            .thenComparingInt(node -> Integer.parseInt(node.name().substring(1))));
    return nodes;
  }

  DevNode node(String name) throws IOException {
    var nodes = nodes();
    return nodes.stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new FailureException(
                    nodes.isEmpty()
                        ? "there is no local cluster; start one: skein dev up"
                        : "no node \"%s\" in the local cluster; it has %s"
                            .formatted(
                                name,
                                String.join(", ", nodes.stream().map(DevNode::name).toList()))));
  }

  /// Any node whose daemon answers, managers first.
  DevNode reachable() throws IOException {
    for (var node : nodes()) {
      if (answers(node)) {
        return node;
      }
    }
    throw new FailureException("no daemon of the local cluster answers; see: skein dev ps");
  }

  /// Makes a cluster.
  void up(int managers, int workers) throws IOException {
    if (!nodes().isEmpty()) {
      throw new FailureException(
          "there already is a local cluster (%s); remove it first: skein dev down".formatted(root));
    }
    var nodes = new ArrayList<DevNode>();
    for (var i = 1; i <= managers + workers; i++) {
      var name = i <= managers ? "m" + i : "w" + (i - managers);
      nodes.add(new DevNode(name, NETWORK + i, root.resolve(name)));
    }
    for (var node : nodes) {
      node.create();
      start(node);
    }
    for (var node : nodes) {
      awaitAnswer(node);
    }
    var first = nodes.getFirst();
    try (var client = first.client()) {
      client.post("/swarm/init", initRequest(first));
      var tokens = client.object("/swarm").getAsJsonObject("JoinTokens");
      for (var node : nodes.subList(1, nodes.size())) {
        var token = tokens.get(node.isManager() ? "Manager" : "Worker").getAsString();
        join(node, first, token);
      }
      awaitReady(client, nodes);
    }
  }

  private static JsonObject initRequest(DevNode node) {
    var request = new JsonObject();
    request.addProperty("ListenAddr", node.address() + ":" + PORT);
    request.addProperty("AdvertiseAddr", node.address() + ":" + PORT);
    request.add("Spec", new JsonObject());
    return request;
  }

  private static void join(DevNode node, DevNode manager, String token) throws IOException {
    var request = new JsonObject();
    request.addProperty("ListenAddr", node.address() + ":" + PORT);
    request.addProperty("AdvertiseAddr", node.address() + ":" + PORT);
    var remotes = new JsonArray();
    remotes.add(manager.address() + ":" + PORT);
    request.add("RemoteAddrs", remotes);
    request.addProperty("JoinToken", token);
    try (var client = node.client()) {
      client.post("/swarm/join", request);
    }
  }

  private void awaitReady(EngineClient client, List<DevNode> nodes) throws IOException {
    await(
        START_SECONDS,
        "not all nodes became ready; see: skein dev ps, and the logs below " + root,
        () -> {
          var ready = 0;
          for (var node : client.list("/nodes")) {
            var status = node.getAsJsonObject().getAsJsonObject("Status");
            ready += status.get("State").getAsString().equals("ready") ? 1 : 0;
          }
          return ready == nodes.size();
        });
  }

  /// Starts a node's daemon and waits until it answers.
  void startAndAwait(DevNode node) throws IOException {
    if (node.process().isPresent()) {
      throw new FailureException(node.name() + " is " + node.state() + " already");
    }
    start(node);
    awaitAnswer(node);
  }

  private void start(DevNode node) throws IOException {
    var launcher = context.environment().get("SKEIN_LAUNCHER");
    if (launcher == null || launcher.isEmpty()) {
      throw new FailureException("run this through the skein script, which starts the daemons too");
    }
    node.start(launcher);
  }

  private void awaitAnswer(DevNode node) throws IOException {
    await(
        START_SECONDS,
        "%s does not answer; its log: %s".formatted(node.name(), node.log()),
        () -> {
          if (node.process().isEmpty()) {
            throw new FailureException(
                "%s's daemon ended at once; its log: %s\n%s"
                    .formatted(node.name(), node.log(), lastLines(node.log())));
          }
          return answers(node);
        });
  }

  private static String lastLines(Path log) throws IOException {
    var lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
  }

  private static boolean answers(DevNode node) throws IOException {
    if (!Files.exists(node.socket()) || node.process().isEmpty()) {
      return false;
    }
    try (var client = node.client()) {
      client.object("/version");
      return true;
    } catch (UnreachableException | ApiException e) {
      return false;
    }
  }

  /// Ends all daemons and tasks, and forgets the cluster.
  void down() throws IOException {
    for (var node : nodes()) {
      node.signalAll("CONT");
      node.signalAll("KILL");
    }
    for (var node : nodes()) {
      await(
          STOP_SECONDS,
          node.name() + " does not end",
          () -> {
            // A task may have been started while its daemon was being killed.
            node.signalAll("KILL");
            return node.process().isEmpty() && TaskProcesses.of(node.data()).isEmpty();
          });
      node.delete();
    }
  }

  /// A step that is repeated until it says that it is done.
  @FunctionalInterface
  interface Check {
    boolean done() throws IOException;
  }

  /// Waits until `check` holds.
  void await(int seconds, String otherwise, Check check) throws IOException {
    var deadline = context.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!check.done()) {
      if (context.nanoTime() > deadline) {
        throw new FailureException(otherwise);
      }
      if (context.interrupts().await(TimeUnit.MILLISECONDS.toNanos(LOOK_AGAIN_MS))) {
        throw new FailureException("interrupted");
      }
    }
  }
}
