package dev.skein.bench.write;

import com.google.protobuf.ByteString;
import dev.skein.bench.RealTime;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.cli.daemon.identity.NodeTls;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Version;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterMachine;
import dev.skein.state.RaftStore;
import dev.skein.state.ratis.RaftConfig;
import dev.skein.state.ratis.RaftListener;
import dev.skein.state.ratis.RaftMember;
import dev.skein.state.ratis.RaftNode;
import dev.skein.state.ratis.RaftTiming;
import dev.skein.state.ratis.RaftTls;
import dev.skein.state.ratis.RatisLogging;
import dev.skein.state.seal.Keyring;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;

/// A process that is one member of the store, as the daemon assembles it: Raft with fsync, mutual
/// TLS and encryption at rest. Writers are in the process, as the API's handlers are in the daemon.
///
/// Arguments: its directory, then the members as `id=host:port`, itself first. The first line of
/// its input is the data key in hexadecimal; every other is a command, answered with a line:
/// `leads`, or `run WRITERS SECONDS`. It ends with its input.
@RealTime
public final class StoreMember {
  static final String CLUSTER = "bench";

  private final RaftNode node;
  private final RaftStore store;
  // Each writer has its own.
  private final List<Service> objects = new ArrayList<>();
  private final Random random = new Random(1);

  private StoreMember(Path directory, List<RaftMember> members, byte[] dataKey) throws IOException {
    var identity = new IdentityStore(directory.resolve("identity.pem")).load().orElseThrow();
    var tls = new NodeTls(identity, InstantSource.system());
    var machine = new ClusterMachine();
    node =
        new RaftNode(
            new RaftConfig(
                CLUSTER,
                members.getFirst(),
                members.getFirst().host(),
                directory.resolve("raft"),
                members,
                RaftTiming.DEFAULT,
                new RaftTls(tls.keyManager(), tls.managersOnly()),
                RaftConfig.SNAPSHOT_ENTRIES),
            machine,
            Keyring.of(1, Map.of(1, dataKey)),
            new RaftListener() {},
            new SecureRandom(),
            System::nanoTime);
    store = new RaftStore(node, machine);
  }

  /// Runs a member until its input ends.
  public static void main(String[] args) throws Exception {
    RatisLogging.quiet();
    var members = new ArrayList<RaftMember>();
    for (var each : List.of(args).subList(1, args.length)) {
      var parts = each.split("[=:]", -1);
      members.add(new RaftMember(parts[0], parts[1], Integer.parseInt(parts[2])));
    }
    try (var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      var key = HexFormat.of().parseHex(input.readLine());
      var member = new StoreMember(Path.of(args[0]), members, key);
      member.node.start();
      for (var line = input.readLine(); line != null; line = input.readLine()) {
        IO.println(member.answer(line.split(" ")));
      }
    } finally {
      // Raft's own threads would keep the process.
      Runtime.getRuntime().halt(0);
    }
  }

  private String answer(String[] command) throws Exception {
    return switch (command[0]) {
      case "leads" -> Boolean.toString(node.isLeader());
      case "run" -> {
        try {
          yield run(Integer.parseInt(command[1]), Double.parseDouble(command[2])).line();
        } catch (ExecutionException e) {
          yield StorePeer.FAILED + e.getMessage();
        }
      }
      default -> throw new IllegalArgumentException("unknown command " + command[0]);
    };
  }

  private ClosedLoop.Result run(int writers, double seconds) throws Exception {
    var state = store.read().get();
    objects.clear();
    for (var i = 0; i < writers; i++) {
      var known = state.service("service-" + i);
      objects.add(known != null ? known : create(i));
    }
    return ClosedLoop.run(writers, seconds, this::write);
  }

  private Service create(int writer) throws Exception {
    var service =
        Service.newBuilder()
            .setId("service-" + writer)
            .setSpec(ServiceSpec.newBuilder().setName("service-" + writer))
            .build();
    var changes = List.of(ChangeSets.create(service));
    return at(service, store.propose(ChangeSets.of(Instant.now(), changes)).get());
  }

  private void write(int writer) throws Exception {
    var changed = objects.get(writer).toBuilder();
    changed.getSpecBuilder().putLabels("value", value());
    var service = changed.build();
    var index =
        store.propose(ChangeSets.of(Instant.now(), List.of(ChangeSets.update(service)))).get();
    objects.set(writer, at(service, index));
  }

  private String value() {
    // Any characters will do, but not always the same.
    var bytes = new byte[WriteBench.VALUE_BYTES / 2];
    random.nextBytes(bytes);
    return ByteString.copyFrom(HexFormat.of().formatHex(bytes), StandardCharsets.US_ASCII)
        .toStringUtf8();
  }

  private static Service at(Service service, long index) {
    return service.toBuilder().setVersion(Version.newBuilder().setIndex(index)).build();
  }
}
