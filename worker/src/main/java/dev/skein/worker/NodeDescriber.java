package dev.skein.worker;

import com.sun.management.OperatingSystemMXBean;
import dev.skein.proto.v1.Capability;
import dev.skein.proto.v1.EngineDescription;
import dev.skein.proto.v1.GenericResource;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.Resources;
import dev.skein.worker.runtime.TaskRuntime;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Says what this node is and can do.
public final class NodeDescriber {

  private static final Path HOSTNAME = Path.of("/proc/sys/kernel/hostname");
  private static final long NANO_CPUS = 1_000_000_000L;

  private final String version;
  private final String hostname;
  private final Map<String, String> labels;
  private final List<GenericResource> genericResources;
  private final Collection<TaskRuntime> runtimes;

  /// @param version of this program
  /// @param hostname as the user wants it, or "" for the machine's
  /// @param labels of the engine, as the daemon was started with
  /// @param genericResources what the node has besides CPU and memory
  public NodeDescriber(
      String version,
      String hostname,
      Map<String, String> labels,
      List<GenericResource> genericResources,
      Collection<TaskRuntime> runtimes) {
    this.version = version;
    this.hostname = hostname;
    this.labels = Map.copyOf(labels);
    this.genericResources = List.copyOf(genericResources);
    this.runtimes = runtimes;
  }

  /// The node as it is now. Reads small files of the kernel's.
  public NodeDescription describe() {
    var described =
        NodeDescription.newBuilder()
            .setHostname(hostname.isEmpty() ? machineName() : hostname)
            .setPlatform(
                Platform.newBuilder()
                    .setArchitecture(architecture(System.getProperty("os.arch", "")))
                    .setOs(System.getProperty("os.name", "").toLowerCase(Locale.ROOT)))
            .setResources(resources())
            .setEngine(
                EngineDescription.newBuilder().setEngineVersion(version).putAllLabels(labels));
    for (var runtime : runtimes) {
      described.addCapabilities(Capability.newBuilder().setName(runtime.name()).setAvailable(true));
      for (var feature : runtime.describe().features()) {
        described.addCapabilities(
            Capability.newBuilder()
                .setName(runtime.name() + ": " + feature.name())
                .setAvailable(feature.enforced())
                .setReason(feature.how()));
      }
    }
    if (runtimes.stream().noneMatch(runtime -> runtime.name().equals("container"))) {
      described.addCapabilities(
          Capability.newBuilder()
              .setName("container")
              .setAvailable(false)
              .setReason("this version of skein runs no containers yet"));
    }
    described.addCapabilities(user());
    return described.build();
  }

  private static Capability user() {
    var name = System.getProperty("user.name", "");
    var root = name.equals("root");
    var capability = Capability.newBuilder().setName("root").setAvailable(root);
    if (!root) {
      capability.setReason("the daemon runs as user " + name);
    }
    return capability.build();
  }

  /// The JVM knows the limits that a cgroup puts on the daemon, and they hold for its tasks as
  /// well wherever the daemon can't leave it.
  private Resources resources() {
    var resources =
        Resources.newBuilder()
            .setNanoCpus(Runtime.getRuntime().availableProcessors() * NANO_CPUS)
            .addAllGenericResources(genericResources);
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      resources.setMemoryBytes(system.getTotalMemorySize());
    }
    return resources.build();
  }

  /// Docker's names.
  private static String architecture(String jvmName) {
    return switch (jvmName) {
      case "amd64" -> "x86_64";
      default -> jvmName;
    };
  }

  private static String machineName() {
    try {
      return Files.readString(HOSTNAME).strip();
    } catch (IOException e) {
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (IOException unknown) {
        return "localhost";
      }
    }
  }
}
