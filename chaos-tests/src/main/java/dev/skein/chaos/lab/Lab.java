package dev.skein.chaos.lab;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.chaos.RealTime;
import dev.skein.chaos.workload.Manager;
import dev.skein.cli.client.Endpoint;
import dev.skein.cli.command.Interrupts;
import dev.skein.cli.daemon.DirectoryTree;
import dev.skein.cli.dev.DevCluster;
import dev.skein.cli.dev.DevNode;
import dev.skein.cli.dev.Isolation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A cluster of real daemons on this machine that may be hurt: one of its own, made for a run and
/// removed after it, or the user's local cluster (`skein dev`).
///
/// Any thread may use it.
@RealTime
public final class Lab implements Cluster, AutoCloseable {

  private static final Path ROOTS = Path.of("/tmp");
  private static final String ROOT_PREFIX = "skein-lab";
  private static final String OWNER = "owner";
  private static final int LEADER_SECONDS = 2;

  private final DevCluster cluster;
  private final List<LabNode> nodes = new ArrayList<>();
  private final Map<String, String> launchers = new ConcurrentHashMap<>();
  private final String launcher;
  private final boolean owned;
  private volatile Consumer<String> notes = note -> {};
  private volatile @Nullable LabNode lastLeader;

  private Lab(DevCluster cluster, String launcher, boolean owned) {
    this.cluster = cluster;
    this.launcher = launcher;
    this.owned = owned;
  }

  /// What a lab of one's own is made of.
  ///
  /// @param isolated whether each node has a network and a disk of its own, which needs root
  /// @param clocks whether the daemons' clocks can be moved, which needs libfaketime
  /// @param swarm the swarm's spec, as Docker's API has it
  /// @param environment of each daemon
  public record Plan(
      int managers,
      int workers,
      boolean isolated,
      boolean clocks,
      JsonObject swarm,
      Map<String, String> environment) {

    /// Isolated nodes with the swarm's defaults.
    public static Plan of(int managers, int workers) {
      return new Plan(managers, workers, true, false, new JsonObject(), Map.of());
    }

    /// The same with clocks that can be moved.
    public Plan withClocks() {
      return new Plan(managers, workers, isolated, true, swarm, environment);
    }

    /// The same with nodes that have a network and a disk of their own, or not.
    public Plan withIsolation(boolean own) {
      return new Plan(managers, workers, own, clocks, swarm, environment);
    }

    /// The same with another spec of the swarm.
    public Plan withSwarm(JsonObject spec) {
      return new Plan(managers, workers, isolated, clocks, spec, environment);
    }

    /// The same with a variable for each daemon.
    public Plan with(String variable, String value) {
      var more = new HashMap<>(environment);
      more.put(variable, value);
      return new Plan(managers, workers, isolated, clocks, swarm, Map.copyOf(more));
    }
  }

  /// Makes a lab. Removes first what labs left behind whose process has died.
  ///
  /// @param launcher the `skein` script
  public static Lab create(Path launcher, Plan plan) throws IOException {
    sweep(launcher);
    var root = Files.createTempDirectory(ROOTS, ROOT_PREFIX);
    var self = ProcessHandle.current();
    Files.writeString(root.resolve(OWNER), self.pid() + " " + startOf(self));
    var lab = new Lab(clusterIn(root, launcher), launcher.toString(), true);
    try {
      lab.cluster.up(
          plan.managers(),
          plan.workers(),
          plan.isolated(),
          plan.swarm(),
          node -> environment(plan, node));
      for (var node : lab.cluster.nodes()) {
        if (plan.clocks()) {
          Clocks.reset(clock(node));
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      lab.close();
      throw e;
    }
    lab.load();
    return lab;
  }

  private static Map<String, String> environment(Plan plan, DevNode node) {
    var environment = new HashMap<>(plan.environment());
    if (plan.clocks()) {
      environment.putAll(Clocks.environment(clock(node)));
    }
    return environment;
  }

  private static Path clock(DevNode node) {
    return node.directory().resolve(Clocks.FILE);
  }

  /// The user's local cluster as a lab; closing it changes nothing.
  public static Lab of(DevCluster cluster, String launcher) throws IOException {
    // Not with the command's own way of waiting: ^C must not cut short what undoes a fault.
    var lab = new Lab(clusterIn(cluster.root(), Path.of(launcher)), launcher, false);
    lab.load();
    return lab;
  }

  private static DevCluster clusterIn(Path root, Path launcher) {
    return new DevCluster(root, launcher.toString(), System::nanoTime, new Uninterrupted());
  }

  private void load() throws IOException {
    for (var node : cluster.nodes()) {
      nodes.add(new LabNode(this, node));
    }
  }

  /// Removes the labs whose process has died.
  private static void sweep(Path launcher) throws IOException {
    try (var roots = Files.newDirectoryStream(ROOTS, ROOT_PREFIX + "*")) {
      for (var root : roots) {
        var owner = root.resolve(OWNER);
        if (Files.exists(owner) && !lives(Files.readString(owner).split(" ", -1))) {
          clusterIn(root, launcher).down();
          DirectoryTree.delete(root);
        }
      }
    }
  }

  private static boolean lives(String[] owner) {
    return ProcessHandle.of(Long.parseLong(owner[0]))
        .filter(process -> startOf(process) == Long.parseLong(owner[1]))
        .isPresent();
  }

  private static long startOf(ProcessHandle process) {
    return process.info().startInstant().map(java.time.Instant::toEpochMilli).orElse(0L);
  }

  /// Says to `listener` what is done to nodes.
  public void onNote(Consumer<String> listener) {
    notes = listener;
  }

  /// Puts a line into the record of what was done.
  @Override
  public void note(String what) {
    notes.accept(what);
  }

  /// All nodes, managers first.
  @Override
  public List<LabNode> nodes() {
    return List.copyOf(nodes);
  }

  /// The nodes that began as managers.
  @Override
  public List<LabNode> managers() {
    return nodes.stream().filter(LabNode::isManager).toList();
  }

  /// The nodes that are no managers.
  @Override
  public List<LabNode> workers() {
    return nodes.stream().filter(node -> !node.isManager()).toList();
  }

  /// The node of a name.
  ///
  /// @throws IllegalArgumentException if there is none
  @Override
  public LabNode node(String name) {
    return nodes.stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no node " + name + " in " + nodes));
  }

  /// The manager that leads now, if one can be found in a few seconds.
  @Override
  public Optional<LabNode> findLeader() {
    var first = lastLeader;
    var order = new ArrayList<>(managers());
    if (first != null) {
      // The last leader knows best: mostly it is the leader still.
      order.remove(first);
      order.addFirst(first);
    }
    for (var manager : order) {
      try (var client = manager.client(LEADER_SECONDS)) {
        for (var node : client.list("/nodes")) {
          if (isLeader(node.getAsJsonObject())) {
            var leader = node(hostname(node));
            lastLeader = leader;
            return Optional.of(leader);
          }
        }
      } catch (IOException e) {
        // The next one.
      }
    }
    return Optional.empty();
  }

  private static boolean isLeader(JsonObject node) {
    return node.get("ManagerStatus") instanceof JsonObject status
        && status.has("Leader")
        && status.get("Leader").getAsBoolean();
  }

  private static String hostname(JsonElement node) {
    return node.getAsJsonObject().getAsJsonObject("Description").get("Hostname").getAsString();
  }

  @Override
  public LabNode leader(Duration within) throws IOException {
    return node(Cluster.super.leader(within).name());
  }

  @Override
  public List<LabNode> followers(Duration within) throws IOException {
    var leader = leader(within);
    return managers().stream().filter(manager -> manager != leader).toList();
  }

  /// Asks the managers in turn until one answers.
  ///
  /// @throws IOException what the last one said, if none does
  @Override
  public <T> T ask(Question<T> question) throws IOException {
    IOException last = new IOException("no manager runs");
    for (var manager : managers()) {
      if (manager.isRunning()) {
        try (var client = manager.client(ANSWER_SECONDS)) {
          return question.ask(client);
        } catch (IOException e) {
          last = e;
        }
      }
    }
    throw last;
  }

  /// From now on a node is started by another build's script.
  public void useLauncher(LabNode node, Path script) {
    launchers.put(node.name(), script.toString());
  }

  String launcher(LabNode node) {
    return launchers.getOrDefault(node.name(), launcher);
  }

  /// The script that starts this lab's daemons.
  public String launcher() {
    return launcher;
  }

  /// Where its nodes' directories are.
  public Path root() {
    return cluster.root();
  }

  /// The file of the network namespace that reaches all its nodes, if they are isolated.
  @Override
  public Optional<Path> network() {
    var isolation = Isolation.of(cluster.root());
    return isolation.exists() ? Optional.of(isolation.file()) : Optional.empty();
  }

  @Override
  public List<Manager> entries() {
    return managers().stream()
        .map(node -> new Manager(node.name(), new Endpoint.Unix(node.socket().toString())))
        .toList();
  }

  @Override
  public String prefix() {
    return "chaos-";
  }

  @Override
  public Path directory() {
    return root().resolve("chaos");
  }

  @Override
  public List<String> command(Member except, String... words) {
    var other = managers().stream().filter(node -> !node.equals(except)).findFirst().orElseThrow();
    var command = new ArrayList<>(List.of(launcher, "--host", "unix://" + other.socket()));
    command.addAll(List.of(words));
    return command;
  }

  DevCluster cluster() {
    return cluster;
  }

  static boolean answers(DevNode node) throws IOException {
    return DevCluster.answers(node);
  }

  /// Ends all that runs in a lab of one's own and removes it.
  @Override
  public void close() throws IOException {
    if (owned) {
      cluster.down();
      DirectoryTree.delete(cluster.root());
    }
  }

  /// Waiting that nothing cuts short.
  private static final class Uninterrupted implements Interrupts {
    @Override
    public void arm() {
      // Nothing to do.
    }

    @Override
    public boolean await(long nanos) {
      LockSupport.parkNanos(nanos);
      return Thread.currentThread().isInterrupted();
    }
  }
}
