package dev.skein.state.ratis;

import dev.skein.state.seal.Keyring;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Members of one group in this JVM. Every wait has a bound and names what it waited for.
final class TestCluster implements AutoCloseable {
  private static final AtomicInteger NEXT_ADDRESS = new AtomicInteger(1);
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /// One running member.
  static final class Member {
    final RaftMember id;
    final RegisterMachine machine = new RegisterMachine();
    final List<String> events = new CopyOnWriteArrayList<>();
    final List<Throwable> failures = new CopyOnWriteArrayList<>();
    final RaftNode node;

    Member(RaftConfig config, Keyring keyring) {
      id = config.self();
      RaftListener listener =
          new RaftListener() {
            @Override
            public void becameLeader(long term) {
              events.add("leader " + term);
            }

            @Override
            public void lostLeadership(long term) {
              events.add("lost " + term);
            }

            @Override
            public void removed() {
              events.add("removed");
            }

            @Override
            public void failed(Throwable cause) {
              failures.add(cause);
            }
          };
      node = new RaftNode(config, machine, keyring, listener, new SecureRandom(), System::nanoTime);
    }
  }

  private final Path root;
  private final String clusterId;
  final Keyring keyring;
  final Map<String, Member> members = new TreeMap<>();
  private final List<RaftMember> bootstrap = new ArrayList<>();
  int snapshotEntries = RaftConfig.SNAPSHOT_ENTRIES;
  Duration proposalTimeout = Duration.ofSeconds(5);
  @Nullable Function<String, RaftTls> tls;

  static {
    RatisLogging.quiet();
  }

  TestCluster(Path root, String clusterId) {
    this(root, clusterId, Keyring.generate(new SecureRandom()));
  }

  TestCluster(Path root, String clusterId, Keyring keyring) {
    this.keyring = keyring;
    this.root = root;
    this.clusterId = clusterId;
  }

  static TestCluster of(int size, Path root) throws IOException {
    TestCluster cluster = new TestCluster(root, "c1");
    cluster.bootstrap(size);
    return cluster;
  }

  void bootstrap(int size) throws IOException {
    for (int i = 1; i <= size; i++) {
      bootstrap.add(reserve("m" + i));
    }
    for (RaftMember member : bootstrap) {
      start(member, bootstrap);
    }
  }

  static RaftMember reserve(String id) throws IOException {
    String host = "127.0.41." + NEXT_ADDRESS.getAndIncrement();
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(host))) {
      return new RaftMember(id, host, socket.getLocalPort());
    }
  }

  Path directory(String id) {
    return root.resolve(id);
  }

  RaftConfig config(RaftMember member, List<RaftMember> first) {
    RaftTiming timing =
        new RaftTiming(
            Duration.ofMillis(200),
            Duration.ofMillis(400),
            proposalTimeout,
            Duration.ofSeconds(30));
    Function<String, RaftTls> secured = tls;
    return new RaftConfig(
        clusterId,
        member,
        member.host(),
        directory(member.id()),
        first,
        timing,
        secured == null ? null : secured.apply(member.id()),
        snapshotEntries);
  }

  Member start(RaftMember member, List<RaftMember> first) throws IOException {
    Member started = new Member(config(member, first), keyring);
    started.node.start();
    members.put(member.id(), started);
    return started;
  }

  Member joiner(String id) throws IOException {
    return start(reserve(id), List.of());
  }

  Member member(String id) {
    return Objects.requireNonNull(members.get(id), id);
  }

  Member restart(String id) throws IOException {
    return start(member(id).id, List.of());
  }

  void stopAll() {
    members.values().forEach(this::stop);
  }

  void stop(Member member) {
    member.node.close();
  }

  Member awaitLeader(String... except) {
    return awaitLeader(List.of(except));
  }

  private Member awaitLeader(List<String> except) {
    List<Member> found = new ArrayList<>();
    await(
        "a leader",
        () -> {
          members.values().stream()
              .filter(member -> !except.contains(member.id.id()) && member.node.isLeader())
              .forEach(found::add);
          return !found.isEmpty();
        });
    return found.getLast();
  }

  List<Member> followers() {
    Member leader = awaitLeader();
    return members.values().stream().filter(member -> member != leader).toList();
  }

  /// Puts through whoever leads, repeating while there is none. Repeating a put is harmless here.
  Applied put(String key, String value) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return awaitLeader()
            .node
            .propose(RegisterMachine.put(key, value))
            .get(10, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof RaftException) || System.nanoTime() > deadline) {
          throw new CompletionException(e.getCause());
        }
      } catch (InterruptedException | TimeoutException e) {
        throw new AssertionError("no outcome for " + key, e);
      }
    }
  }

  void awaitEverywhere(String key, String value) {
    for (Member member : members.values()) {
      await(
          key + "=" + value + " on " + member.id.id(), () -> member.machine.get(key).equals(value));
    }
  }

  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited " + PATIENCE.toSeconds() + " s for " + what);
      }
      LockSupport.parkNanos(5_000_000);
    }
  }

  @Override
  public void close() {
    stopAll();
  }
}
