package dev.skein.cli.dev;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.command.Interrupts;
import dev.skein.cli.daemon.TaskLeftovers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A local cluster: a directory for each node below [#root]. Whatever process opens the directory
/// sees the same cluster.
public final class DevCluster {

  /// The most nodes that one may have.
  public static final int NODES_MAX = 50;

  /// The first of the nodes' addresses is `127.77.0.1` when they share the machine's network: away
  /// from what people give to other things.
  private static final String LOOPBACK = "127.77.0.";

  private static final int START_SECONDS = 60;
  private static final int STOP_SECONDS = 20;
  private static final long LOOK_AGAIN_MS = 50;

  private final Path root;
  private final @Nullable String launcher;
  private final LongSupplier nanoTime;
  private final Interrupts interrupts;

  /// @param root the directory of the cluster's own
  /// @param launcher the `skein` script, or null when no node is to be started
  /// @param nanoTime monotonic nanoseconds
  public DevCluster(
      Path root, @Nullable String launcher, LongSupplier nanoTime, Interrupts interrupts) {
    this.root = root;
    this.launcher = launcher;
    this.nanoTime = nanoTime;
    this.interrupts = interrupts;
  }

  /// The cluster that a user's commands are about.
  public static DevCluster of(CommandContext context) {
    return new DevCluster(
        rootOf(context.environment()),
        context.environment().get("SKEIN_LAUNCHER"),
        context::nanoTime,
        context.interrupts());
  }

  private static Path rootOf(Map<String, String> environment) {
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

  /// Where the nodes' directories are.
  public Path root() {
    return root;
  }

  /// The nodes, managers first.
  public List<DevNode> nodes() throws IOException {
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

  /// The node of this name.
  ///
  /// @throws FailureException if there is none
  public DevNode node(String name) throws IOException {
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
  public DevNode reachable() throws IOException {
    for (var node : nodes()) {
      if (answers(node)) {
        return node;
      }
    }
    throw new FailureException("no daemon of the local cluster answers; see: skein dev ps");
  }

  /// Makes a cluster of `m1`, `m2`, … and workers `w1`, `w2`, …
  ///
  /// @param isolated whether each node has a network and a disk of its own, see [Isolation]
  public void up(int managers, int workers, boolean isolated) throws IOException {
    up(managers, workers, isolated, new JsonObject(), node -> Map.of());
  }

  /// As the other one.
  ///
  /// @param spec of the swarm, as Docker's API has it
  /// @param environment of a node's daemon
  public void up(
      int managers,
      int workers,
      boolean isolated,
      JsonObject spec,
      Function<DevNode, Map<String, String>> environment)
      throws IOException {
    if (!nodes().isEmpty()) {
      throw new FailureException(
          "there already is a local cluster (%s); remove it first: skein dev down".formatted(root));
    }
    var nodes = new ArrayList<DevNode>();
    for (var i = 1; i <= managers + workers; i++) {
      var name = i <= managers ? "m" + i : "w" + (i - managers);
      var network = isolated ? Isolation.NETWORK : LOOPBACK;
      nodes.add(new DevNode(name, network + i, root.resolve(name)));
    }
    make(nodes, isolated, environment);
    var first = nodes.getFirst();
    try (var client = first.client()) {
      client.post("/swarm/init", initRequest(first, spec));
      var tokens = client.object("/swarm").getAsJsonObject("JoinTokens");
      for (var node : nodes.subList(1, nodes.size())) {
        var token = tokens.get(node.isManager() ? "Manager" : "Worker").getAsString();
        join(node, first, token);
      }
      awaitReady(client, nodes);
    }
  }

  private void make(
      List<DevNode> nodes, boolean isolated, Function<DevNode, Map<String, String>> environment)
      throws IOException {
    Files.createDirectories(root);
    var isolation = Isolation.of(root);
    if (isolated) {
      var missing = Isolation.missing();
      if (missing.isPresent()) {
        throw new FailureException(missing.get());
      }
      isolation.create();
    }
    for (var node : nodes) {
      node.create(environment.apply(node));
      if (isolated) {
        isolation.add(node);
      }
      start(node);
    }
    for (var node : nodes) {
      awaitAnswer(node);
    }
  }

  private static JsonObject initRequest(DevNode node, JsonObject spec) {
    var request = new JsonObject();
    request.addProperty("ListenAddr", node.rpc());
    request.addProperty("AdvertiseAddr", node.rpc());
    request.add("Spec", spec);
    return request;
  }

  private static void join(DevNode node, DevNode manager, String token) throws IOException {
    var request = new JsonObject();
    request.addProperty("ListenAddr", node.rpc());
    request.addProperty("AdvertiseAddr", node.rpc());
    var remotes = new JsonArray();
    remotes.add(manager.rpc());
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
  public void startAndAwait(DevNode node) throws IOException {
    if (node.process().isPresent()) {
      throw new FailureException(node.name() + " is " + node.state() + " already");
    }
    start(node);
    awaitAnswer(node);
  }

  private void start(DevNode node) throws IOException {
    if (launcher == null || launcher.isEmpty()) {
      throw new FailureException("run this through the skein script, which starts the daemons too");
    }
    node.start(launcher);
  }

  /// Waits until a node's daemon answers.
  public void awaitAnswer(DevNode node) throws IOException {
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

  /// Whether a node's daemon answers.
  public static boolean answers(DevNode node) throws IOException {
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

  /// Ends all daemons and tasks, and forgets the cluster. What can't be removed keeps nothing else
  /// from being removed.
  public void down() throws IOException {
    var nodes = nodes();
    var failures = new ArrayList<IOException>();
    for (var node : nodes) {
      attempt(
          failures,
          () -> {
            if (node.isIsolated()) {
              // What waits for a frozen disk can't be killed.
              Isolation.thaw(node);
            }
            node.signalAll("CONT");
            node.signalAll("KILL");
          });
    }
    for (var node : nodes) {
      attempt(failures, () -> remove(node));
    }
    attempt(failures, Isolation.of(root)::remove);
    // A node may have had other ids, or a disk that can't be read.
    attempt(failures, TaskLeftovers::sweepCgroups);
    if (!failures.isEmpty()) {
      var failure = new IOException(failures.getFirst().getMessage(), failures.getFirst());
      failures.subList(1, failures.size()).forEach(failure::addSuppressed);
      throw failure;
    }
  }

  private void remove(DevNode node) throws IOException {
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

  /// A part of a larger removal.
  @FunctionalInterface
  private interface Part {
    void run() throws IOException;
  }

  private static void attempt(List<IOException> failures, Part part) {
    try {
      part.run();
    } catch (IOException e) {
      failures.add(e);
    }
  }

  /// A step that is repeated until it says that it is done.
  @FunctionalInterface
  public interface Check {
    /// Whether it is done.
    boolean done() throws IOException;
  }

  /// Waits until `check` holds.
  ///
  /// @throws FailureException with `otherwise` if it does not within `seconds`
  public void await(int seconds, String otherwise, Check check) throws IOException {
    var deadline = nanoTime.getAsLong() + TimeUnit.SECONDS.toNanos(seconds);
    while (!check.done()) {
      if (nanoTime.getAsLong() > deadline) {
        throw new FailureException(otherwise);
      }
      if (interrupts.await(TimeUnit.MILLISECONDS.toNanos(LOOK_AGAIN_MS))) {
        throw new FailureException("interrupted");
      }
    }
  }
}
