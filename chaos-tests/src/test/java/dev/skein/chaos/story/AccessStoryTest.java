package dev.skein.chaos.story;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.manager.ca.Pem;
import dev.skein.proto.v1.ControlGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Who may call what, tried with real certificates: each RPC of each service, as a manager, as a
/// worker, without a certificate, and as a manager of another cluster.
final class AccessStoryTest {

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.of(1, 1);

  private static final int CALL_SECONDS = 30;

  private enum Who {
    MANAGER,
    WORKER,
    NOBODY
  }

  private static final Set<Who> ALL = Set.of(Who.values());
  private static final Set<Who> MEMBERS = Set.of(Who.MANAGER, Who.WORKER);
  private static final Set<Who> MANAGERS = Set.of(Who.MANAGER);

  /// Every RPC there is; one that is missing here fails the test.
  private static final Map<String, Set<Who>> MAY_CALL =
      Map.ofEntries(
          Map.entry("skein.v1.CertificateAuthority/GetRootCertificate", ALL),
          Map.entry("skein.v1.CertificateAuthority/IssueCertificate", ALL),
          Map.entry("skein.v1.Dispatcher/Session", MEMBERS),
          Map.entry("skein.v1.Dispatcher/PublishLogs", MEMBERS),
          Map.entry("skein.v1.Membership/JoinRaft", MANAGERS),
          Map.entry("skein.v1.Membership/LeaveRaft", MANAGERS),
          Map.entry("skein.v1.Control/Get", MANAGERS),
          Map.entry("skein.v1.Control/List", MANAGERS),
          Map.entry("skein.v1.Control/CreateService", MANAGERS),
          Map.entry("skein.v1.Control/UpdateService", MANAGERS),
          Map.entry("skein.v1.Control/RemoveService", MANAGERS),
          Map.entry("skein.v1.Control/ExplainService", MANAGERS),
          Map.entry("skein.v1.Control/Rearrange", MANAGERS),
          Map.entry("skein.v1.Control/Stats", MANAGERS),
          Map.entry("skein.v1.Control/UpdateNode", MANAGERS),
          Map.entry("skein.v1.Control/RemoveNode", MANAGERS),
          Map.entry("skein.v1.Control/LeadNode", MANAGERS),
          Map.entry("skein.v1.Control/UpdateCluster", MANAGERS),
          Map.entry("skein.v1.Control/Logs", MANAGERS),
          Map.entry("skein.v1.Control/Events", MANAGERS));

  @Test
  void eachRpcIsOpenToTheRolesThatItIsForAndToNobodyElse() throws Exception {
    var manager = CLUSTER.node("m1");
    var worker = CLUSTER.node("w1");
    var foreign = CLUSTER.addStranger("foreign");
    foreign.start();
    CLUSTER.init(foreign);

    var methods = methods();
    assertThat(methods.keySet()).isEqualTo(new TreeMap<>(MAY_CALL).keySet());

    var channels =
        Map.of(
            Who.MANAGER, channel(manager, manager),
            Who.WORKER, channel(manager, worker),
            Who.NOBODY, channel(manager, null));
    var stranger = channel(manager, foreign);
    try {
      var wrong = new ArrayList<String>();
      for (var method : methods.values()) {
        for (var who : Who.values()) {
          var status = call(requireNonNull(channels.get(who)), method);
          var refused =
              status.getCode() == Status.Code.PERMISSION_DENIED
                  || status.getCode() == Status.Code.UNAUTHENTICATED;
          if (refused == requireNonNull(MAY_CALL.get(method.getFullMethodName())).contains(who)) {
            wrong.add(who + " " + method.getFullMethodName() + ": " + status);
          }
        }
        // It does not even get through the handshake.
        var status = call(stranger, method);
        if (status.getCode() != Status.Code.UNAVAILABLE) {
          wrong.add("another cluster's manager " + method.getFullMethodName() + ": " + status);
        }
      }
      assertThat(wrong).isEmpty();
    } finally {
      channels.values().forEach(ManagedChannel::shutdownNow);
      stranger.shutdownNow();
    }
    assertThat(manager.cli().ok("node", "ls", "-q").lines()).hasSize(2);
  }

  /// The methods of all services that the program has, from its generated classes.
  private static Map<String, MethodDescriptor<?, ?>> methods() throws Exception {
    var methods = new TreeMap<String, MethodDescriptor<?, ?>>();
    for (var name : generatedServices()) {
      var service =
          (ServiceDescriptor)
              Class.forName(ControlGrpc.class.getPackageName() + "." + name)
                  .getMethod("getServiceDescriptor")
                  .invoke(null);
      for (var method : service.getMethods()) {
        methods.put(method.getFullMethodName(), method);
      }
    }
    return methods;
  }

  private static List<String> generatedServices() throws Exception {
    var place =
        Path.of(ControlGrpc.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    var directory = ControlGrpc.class.getPackageName().replace('.', '/');
    if (Files.isDirectory(place)) {
      return generatedServices(place.resolve(directory));
    }
    try (var jar = FileSystems.newFileSystem(URI.create("jar:" + place.toUri()), Map.of())) {
      return generatedServices(jar.getPath(directory));
    }
  }

  private static List<String> generatedServices(Path directory) throws IOException {
    var suffix = "Grpc.class";
    try (var files = Files.list(directory)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith(suffix))
          .map(name -> name.substring(0, name.length() - ".class".length()))
          .toList();
    }
  }

  /// @param as whose certificate is shown; null for none
  private static ManagedChannel channel(TestNode to, @Nullable TestNode as) throws Exception {
    // The server is not what is tried here, so that it may have any certificate.
    var credentials = TlsChannelCredentials.newBuilder().trustManager(new Credulous());
    if (as != null) {
      var identity = new IdentityStore(as.data().resolve("identity.pem")).load().orElseThrow();
      credentials.keyManager(
          new ByteArrayInputStream(pem(certificate(identity.certificate().getEncoded()))),
          new ByteArrayInputStream(pem(Pem.encode(Pem.PRIVATE_KEY, identity.key().getEncoded()))));
    }
    return Grpc.newChannelBuilder(to.rpc(), credentials.build()).build();
  }

  private static String certificate(byte[] encoded) {
    return Pem.encode(Pem.CERTIFICATE, encoded);
  }

  private static byte[] pem(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /// Calls with a message that no method can read, so that nothing is done where the call is
  /// allowed: the caller is judged before the message is looked at.
  private static Status call(ManagedChannel channel, MethodDescriptor<?, ?> method)
      throws Exception {
    var raw =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(method.getType())
            .setFullMethodName(method.getFullMethodName())
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();
    var answer = new CompletableFuture<Status>();
    ClientCall<byte[], byte[]> call = channel.newCall(raw, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(byte[] message) {
            answer.complete(Status.OK);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            answer.complete(status);
          }
        },
        new Metadata());
    call.request(1);
    call.sendMessage(new byte[] {(byte) 0xff});
    call.halfClose();
    try {
      return answer.get(CALL_SECONDS, TimeUnit.SECONDS);
    } finally {
      call.cancel("answered", null);
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
