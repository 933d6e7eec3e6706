package dev.skein.bench.mesh;

import dev.skein.bench.RealTime;
import dev.skein.mesh.Endpoint;
import dev.skein.mesh.EndpointTable;
import dev.skein.mesh.IngressMesh;
import dev.skein.mesh.MeshConfig;
import dev.skein.mesh.Protocol;
import dev.skein.mesh.PublishedPort;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/// The mesh alone, as a process: `MeshProxyMain ADDRESS epoll|nio PORT=BACKEND_PORT...`, one event
/// loop, until its standard input ends.
@RealTime
public final class MeshProxyMain {
  private MeshProxyMain() {}

  /// Runs until standard input ends.
  ///
  /// @throws IOException when standard input fails
  public static void main(String[] args) throws IOException {
    var address = InetAddress.ofLiteral(args[0]);
    var config =
        MeshConfig.defaults(address)
            .withEventLoopThreads(1)
            .withPreferNative(args[1].equals("epoll"));
    var ports = new ArrayList<PublishedPort>();
    for (int i = 2; i < args.length; i++) {
      var pair = args[i].split("=", 2);
      var endpoint =
          new Endpoint("task" + i, "127.0.0.1", Integer.parseInt(pair[1]), Endpoint.State.READY);
      ports.add(
          new PublishedPort(
              "service" + i, Integer.parseInt(pair[0]), Protocol.TCP, List.of(endpoint)));
    }
    try (var mesh = new IngressMesh(config, System::nanoTime)) {
      var status = mesh.apply(new EndpointTable(ports));
      if (!status.complete()) {
        throw new IllegalStateException("cannot serve: " + status.failed());
      }
      System.out.println("ready on " + mesh.transport());
      while (System.in.read() >= 0) {
        // The driver says nothing; the end of its pipe is the end of this process.
      }
    }
  }
}
