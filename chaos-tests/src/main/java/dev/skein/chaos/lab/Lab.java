package dev.skein.chaos.lab;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.chaos.RealTime;
import dev.skein.cli.client.EngineClient;
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
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A cluster of real daemons on this machine that may be hurt: one of its own, made for a run and
/// removed after it, or the user's local cluster (`skein dev`).
///
/// Any thread may use it.
@RealTime
public final class Lab implements AutoCloseable {

  private static final Path ROOTS = Path.of("/tmp");
  private static final String ROOT_PREFIX = "skein-lab";
  private static final String OWNER = "owner";
  private static final int ANSWER_SECONDS = 2;
  private static final int LIST_SECONDS = 10;
  private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(50).toNanos();

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
  public void note(String what) {
    notes.accept(what);
  }

  /// All nodes, managers first.
  public List<LabNode> nodes() {
    return List.copyOf(nodes);
  }

  /// The nodes that began as managers.
  public List<LabNode> managers() {
    return nodes.stream().filter(LabNode::isManager).toList();
  }

  /// The nodes that are no managers.
  public List<LabNode> workers() {
    return nodes.stream().filter(node -> !node.isManager()).toList();
  }

  /// The node of a name.
  ///
  /// @throws IllegalArgumentException if there is none
  public LabNode node(String name) {
    return nodes.stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no node " + name + " in " + nodes));
  }

  /// The manager that leads now, if one can be found in a few seconds.
  public Optional<LabNode> findLeader() {
    var first = lastLeader;
    var order = new ArrayList<>(managers());
    if (first != null) {
      // The last leader knows best: mostly it is the leader still.
      order.remove(first);
      order.addFirst(first);
    }
    for (var manager : order) {
      try (var client = manager.client(ANSWER_SECONDS)) {
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

  /// The manager that leads now; waits until there is one.
  public LabNode leader(Duration within) throws IOException {
    var found = new AtomicReference<@Nullable LabNode>();
    await(
        new Condition(
            "a leader answers",
            lab -> {
              var leader = lab.findLeader();
              leader.ifPresent(found::set);
              return leader.isPresent() ? Optional.empty() : Optional.of("no manager leads");
            }),
        within);
    return Objects.requireNonNull(found.get());
  }

  /// The managers that do not lead.
  public List<LabNode> followers(Duration within) throws IOException {
    var leader = leader(within);
    return managers().stream().filter(manager -> manager != leader).toList();
  }

  /// A list of the API, from any manager that answers.
  public JsonArray list(String target) throws IOException {
    return ask(client -> client.list(target));
  }

  /// An object of the API, from any manager that answers.
  public JsonObject object(String target) throws IOException {
    return ask(client -> client.object(target));
  }

  /// A question to a daemon.
  @FunctionalInterface
  public interface Question<T> {
    /// Asks it.
    T ask(EngineClient client) throws IOException;
  }

  /// Asks the managers in turn until one answers.
  ///
  /// @throws IOException what the last one said, if none does
  public <T> T ask(Question<T> question) throws IOException {
    IOException last = new IOException("no manager runs");
    for (var manager : managers()) {
      if (manager.isRunning()) {
        try (var client = manager.client(LIST_SECONDS)) {
          return question.ask(client);
        } catch (IOException e) {
          last = e;
        }
      }
    }
    throw last;
  }

  /// Waits until a condition holds.
  ///
  /// @return how long that took
  /// @throws IOException with what is missing, if it does not hold in time
  public Duration await(Condition condition, Duration within) throws IOException {
    var begin = System.nanoTime();
    while (true) {
      Optional<String> missing;
      try {
        missing = condition.check().missing(this);
      } catch (IOException e) {
        missing = Optional.of(String.valueOf(e.getMessage()));
      }
      var taken = Duration.ofNanos(System.nanoTime() - begin);
      if (missing.isEmpty()) {
        return taken;
      }
      if (taken.compareTo(within) > 0) {
        throw new IOException(
            "not within %d s: %s: %s"
                .formatted(within.toSeconds(), condition.name(), missing.get()));
      }
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
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
  public Optional<Path> network() {
    var isolation = Isolation.of(cluster.root());
    return isolation.exists() ? Optional.of(isolation.file()) : Optional.empty();
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
