package dev.skein.bench.write;

import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.ControlConnection;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.GetRequest;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.ReplicatedMode;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.UpdateServiceRequest;
import dev.skein.proto.v1.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/// Three daemons as they are: writers update each a service of its own over the control API's gRPC
/// at the leader, on one connection with mutual TLS. A write passes admission, versions, the store
/// with encryption at rest, the watchers and the control loop.
@RealTime
final class ApiPeer implements Peer {
  private static final int WRITERS_MAX = 64;

  private final LocalCluster cluster;
  private final List<String> ids = new ArrayList<>();
  // Each writer has its own.
  private final List<Version> versions = new ArrayList<>();
  private final Random random = new Random(1);

  ApiPeer() throws IOException, InterruptedException {
    cluster = LocalCluster.start(3, 0);
    try (var connection = ControlConnection.to(cluster.leader())) {
      for (var i = 0; i < WRITERS_MAX; i++) {
        var request = CreateServiceRequest.newBuilder().setSpec(spec(i)).build();
        ids.add(connection.control().createService(request).getId());
      }
    }
  }

  private static Version version(ControlGrpc.ControlBlockingStub control, String id) {
    var request =
        GetRequest.newBuilder().setKind(ObjectKind.OBJECT_KIND_SERVICE).setRef(id).build();
    return control.get(request).getObject().getService().getVersion();
  }

  private ServiceSpec spec(int writer) {
    var value = new byte[WriteBench.VALUE_BYTES / 2];
    random.nextBytes(value);
    return ServiceSpec.newBuilder()
        .setName("writer-" + writer)
        .putLabels("value", HexFormat.of().formatHex(value))
        .setTaskTemplate(
            TaskSpec.newBuilder()
                .setRuntime("process")
                .setContainerSpec(
                    ContainerSpec.newBuilder().setImage("skein/process").addCommand("sleep")))
        .setMode(ServiceMode.newBuilder().setReplicated(ReplicatedMode.newBuilder().setReplicas(0)))
        .build();
  }

  @Override
  public String label() {
    return "skein API";
  }

  @Override
  public ClosedLoop.Result run(int writers, double seconds) throws Exception {
    try (var connection = ControlConnection.to(cluster.leader())) {
      var control = connection.control();
      versions.clear();
      ids.forEach(id -> versions.add(version(control, id)));
      return ClosedLoop.run(writers, seconds, writer -> write(control, writer));
    }
  }

  private void write(ControlGrpc.ControlBlockingStub control, int writer) {
    var answer =
        control.updateService(
            UpdateServiceRequest.newBuilder()
                .setRef(ids.get(writer))
                .setVersion(versions.get(writer))
                .setSpec(spec(writer))
                .build());
    versions.set(writer, answer.getVersion());
  }

  @Override
  public List<Long> processes() throws IOException {
    var pids = new ArrayList<Long>();
    for (var node : cluster.nodes()) {
      pids.add(node.pid());
    }
    return pids;
  }

  @Override
  public void close() throws IOException {
    cluster.close();
  }
}
