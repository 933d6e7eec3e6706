package dev.skein.chaos.cluster;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import com.google.gson.JsonObject;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.UnreachableException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/// Daemons of one test class, each a process with an address and a directory of its own. As a
/// static `@RegisterExtension` it is started before the class's tests, prints the logs of a test
/// that fails, and leaves nothing behind.
public final class TestCluster
    implements BeforeAllCallback,
        AfterAllCallback,
        BeforeEachCallback,
        TestExecutionExceptionHandler {

  private static final Duration READY = Duration.ofMinutes(2);
  private static final int TRIES = 100;

  /// The last byte of an address that no node has: who listens there has the network.
  private static final int LOCK_HOST = 254;

  private final int managers;
  private final int workers;
  private final int outsiders;
  private final List<String> initOptions;
  private final List<TestNode> nodes = new ArrayList<>();
  private final List<TestNode> all = new ArrayList<>();
  private @Nullable ServerSocket network;
  private @Nullable Path root;
  private @Nullable Thread hook;
  private @Nullable String failed;

  private TestCluster(int managers, int workers, int outsiders, List<String> initOptions) {
    this.managers = managers;
    this.workers = workers;
    this.outsiders = outsiders;
    this.initOptions = initOptions;
  }

  /// A swarm of `m1`, `m2`, … and workers `w1`, `w2`, …
  ///
  /// @param initOptions for `swarm init`
  public static TestCluster of(int managers, int workers, String... initOptions) {
    return new TestCluster(managers, workers, 0, List.of(initOptions));
  }

  /// Daemons `n1`, `n2`, … in no swarm.
  public static TestCluster outsiders(int count) {
    return new TestCluster(0, 0, count, List.of());
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    root = Files.createTempDirectory(Path.of("/tmp"), "skt");
    hook = new Thread(this::killNow, "kill-cluster");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      start();
    } catch (Throwable e) {
      printLogs();
      throw e;
    }
  }

  /// The tests of a class are steps of one story: what follows a failed one says nothing.
  @Override
  public void beforeEach(ExtensionContext context) {
    if (failed != null) {
      throw new TestAbortedException("an earlier step failed: " + failed);
    }
  }

  private void start() throws Exception {
    add("m", managers);
    add("w", workers);
    add("n", outsiders);
    for (var node : nodes) {
      node.launch();
    }
    for (var node : nodes) {
      node.awaitAnswer();
    }
    if (managers > 0) {
      found();
    }
  }

  private void found() throws Exception {
    var first = nodes.getFirst();
    init(first, initOptions.toArray(String[]::new));
    for (var node : nodes.subList(1, nodes.size())) {
      join(node, first, node.name().startsWith("m") ? "manager" : "worker");
    }
    awaitReady(nodes.size(), managers);
  }

  private void add(String prefix, int count) throws IOException {
    for (var i = 1; i <= count; i++) {
      nodes.add(newNode(prefix + i));
    }
  }

  private TestNode newNode(String name) throws IOException {
    var node = new TestNode(name, addressOf(all.size() + 1), requireRoot().resolve(name));
    all.add(node);
    return node;
  }

  /// A node that is none of this swarm's, not started yet.
  public TestNode addStranger(String name) throws IOException {
    return newNode(name);
  }

  /// What all its nodes keep is below this one.
  Path directory() {
    return requireRoot();
  }

  private Path requireRoot() {
    if (root == null) {
      throw new IllegalStateException("the cluster was not started");
    }
    return root;
  }

  private String addressOf(int host) throws IOException {
    if (network == null) {
      network = takeNetwork();
    }
    var bytes = network.getInetAddress().getAddress();
    return "127.%d.%d.%d".formatted(bytes[1] & 0xff, bytes[2] & 0xff, host);
  }

  /// A network of 127.0.0.0/8 that no other run has; listening at one of its addresses says so.
  private static ServerSocket takeNetwork() throws IOException {
    var random = ThreadLocalRandom.current();
    for (var i = 0; i < TRIES; i++) {
      var address =
          new byte[] {
            127, (byte) random.nextInt(100, 250), (byte) random.nextInt(1, 250), (byte) LOCK_HOST
          };
      try {
        return new ServerSocket(TestNode.PORT, 1, InetAddress.getByAddress(address));
      } catch (java.net.BindException e) {
        // Another run has it.
      }
    }
    throw new IOException("no free network below 127.0.0.0/8");
  }

  /// Runs `swarm init` on a node.
  public void init(TestNode node, String... options) {
    var words =
        new ArrayList<>(
            List.of("swarm", "init", "--advertise-addr", node.rpc(), "--listen-addr", node.rpc()));
    words.addAll(Arrays.asList(options));
    node.cli().ok(words.toArray(String[]::new));
  }

  /// Runs `swarm join` on a node.
  public void join(TestNode node, TestNode manager, String role) {
    var token = manager.cli().ok("swarm", "join-token", "-q", role);
    joinWith(node, manager, token).ok();
  }

  /// Runs `swarm join` with a token of one's own.
  ///
  /// @param options for `swarm join`
  public Outcome joinWith(TestNode node, TestNode manager, String token, String... options) {
    var words =
        new ArrayList<>(
            List.of(
                "swarm",
                "join",
                "--token",
                token,
                "--advertise-addr",
                node.rpc(),
                "--listen-addr",
                node.rpc()));
    words.addAll(Arrays.asList(options));
    words.add(manager.rpc());
    return node.cli().run(words.toArray(String[]::new));
  }

  public List<TestNode> nodes() {
    return List.copyOf(nodes);
  }

  public List<TestNode> running() {
    return nodes.stream().filter(TestNode::isRunning).toList();
  }

  /// One of this swarm's, or a stranger.
  public TestNode node(String name) {
    return all.stream().filter(node -> node.name().equals(name)).findFirst().orElseThrow();
  }

  /// Waits until `ready` nodes are ready and `members` of them are managers that can be reached.
  public void awaitReady(int ready, int members) throws Exception {
    Await.value(
        ready + " nodes are ready, " + members + " of them managers",
        READY,
        () -> {
          var manager = anyManager();
          var listed =
              manager.cli().run("node", "ls", "--format", "{{.Status}} {{.ManagerStatus}}");
          if (listed.code() != 0) {
            throw new AssertionError(listed.toString());
          }
          var lines = listed.lines();
          var up = lines.stream().filter(line -> line.startsWith("Ready")).count();
          var reachable =
              lines.stream()
                  .filter(line -> line.endsWith("Reachable") || line.endsWith("Leader"))
                  .count();
          if (up != ready || reachable != members) {
            throw new AssertionError(listed.toString());
          }
          return Optional.of(true);
        });
  }

  private TestNode anyManager() throws IOException {
    for (var node : running()) {
      try {
        var swarm = node.get("/info").getAsJsonObject("Swarm");
        if (swarm.get("ControlAvailable").getAsBoolean()) {
          return node;
        }
      } catch (UnreachableException | ApiException e) {
        // The next one.
      }
    }
    throw new AssertionError("no manager answers");
  }

  /// The manager that leads now.
  public TestNode leader() throws Exception {
    return Await.value(
        "a leader",
        READY,
        () -> {
          for (var line :
              anyManager()
                  .cli()
                  .run("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}")
                  .lines()) {
            if (line.endsWith(" Leader")) {
              return Optional.of(node(line.substring(0, line.indexOf(' '))));
            }
          }
          return Optional.empty();
        });
  }

  /// A manager that does not lead.
  public TestNode follower() throws Exception {
    var leader = leader();
    for (var node : running()) {
      if (node != leader && isManager(node)) {
        return node;
      }
    }
    throw new AssertionError("no manager beside the leader");
  }

  private static boolean isManager(TestNode node) throws IOException {
    return swarm(node).get("ControlAvailable").getAsBoolean();
  }

  private static JsonObject swarm(TestNode node) throws IOException {
    return node.get("/info").getAsJsonObject("Swarm");
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    System.err.println("\n" + context.getDisplayName() + " failed; the daemons' logs end with:");
    printLogs();
    failed = context.getDisplayName();
    throw failure;
  }

  /// Shows the ends of the daemons' logs, and keeps the whole of them below the build's directory.
  private void printLogs() {
    var kept = Path.of("target", "failed", requireRoot().getFileName().toString());
    for (var node : all) {
      System.err.println("--- " + node.name() + "\n" + node.logTail());
      try {
        Files.createDirectories(kept);
        Files.copy(node.log(), kept.resolve(node.name() + ".log"), REPLACE_EXISTING);
      } catch (IOException e) {
        System.err.println("its whole log could not be kept: " + e);
      }
    }
    System.err.println("whole logs: " + kept.toAbsolutePath());
  }

  private void killNow() {
    for (var node : all) {
      try {
        node.killNow();
      } catch (IOException e) {
        System.err.println("left running: " + node.name() + ": " + e.getMessage());
      }
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    var directory = requireRoot();
    killNow();
    for (var node : all) {
      node.remove();
    }
    Leftovers.requireNone(directory);
    Files.delete(directory);
    if (network != null) {
      network.close();
    }
    if (hook != null) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
