package dev.skein.cli.daemon;

import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRecord;
import dev.skein.worker.NodeDescriber;
import dev.skein.worker.WorkerConfig;
import dev.skein.worker.WorkerNode;
import dev.skein.worker.agent.AgentListener;
import dev.skein.worker.agent.ManagerConnector;
import java.io.IOException;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.List;

/// Workers of this machine, with the runtimes that it has.
final class LocalWorkers implements WorkerFactory {

  private final DaemonOptions options;
  private final DaemonFiles files;
  private final String version;
  private final NodeDescriber describer;

  LocalWorkers(DaemonOptions options, DaemonFiles files, String version) {
    this.options = options;
    this.files = files;
    this.version = version;
    this.describer =
        new NodeDescriber(
            version, options.hostname(), options.labels(), options.genericResources(), List.of());
  }

  @Override
  public NodeDescription description() {
    return describer.describe();
  }

  @Override
  public WorkerNode create(NodeRecord record, ManagerConnector managers, AgentListener listener)
      throws IOException {
    return new WorkerNode(
        new WorkerConfig(
            record.getNodeId(),
            record.getNodeId(),
            InetAddress.getByName(record.getAdvertiseHost()),
            files.worker(),
            record.getManagersList(),
            options.hostname(),
            version,
            options.labels(),
            options.genericResources(),
            options.programs(),
            SystemClock.STEADY,
            SystemClock.NANOS,
            new SecureRandom()),
        managers,
        listener);
  }
}
