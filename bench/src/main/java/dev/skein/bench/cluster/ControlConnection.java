package dev.skein.bench.cluster;

import dev.skein.bench.RealTime;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.cli.daemon.identity.NodeTls;
import dev.skein.manager.rpc.ManagerChannels;
import dev.skein.proto.v1.ControlGrpc;
import java.io.IOException;
import java.time.InstantSource;

/// The typed control API of one manager, called with that manager's own certificate. Thread-safe.
@RealTime
public final class ControlConnection implements AutoCloseable {
  private final ManagerChannels channels;
  private final ControlGrpc.ControlBlockingStub control;

  private ControlConnection(ManagerChannels channels, String address) {
    this.channels = channels;
    this.control = ControlGrpc.newBlockingStub(channels.to(address));
  }

  /// Connects; only the leader answers.
  public static ControlConnection to(BenchNode manager) throws IOException {
    var identity = new IdentityStore(manager.data().resolve("identity.pem")).load().orElseThrow();
    var tls = new NodeTls(identity, InstantSource.system());
    return new ControlConnection(
        new ManagerChannels(tls.channelCredentials()), manager.rpcAddress());
  }

  /// Calls that block.
  public ControlGrpc.ControlBlockingStub control() {
    return control;
  }

  @Override
  public void close() {
    channels.close();
  }
}
