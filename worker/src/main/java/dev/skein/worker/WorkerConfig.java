package dev.skein.worker;

import dev.skein.proto.v1.GenericResource;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/// What a worker is made of.
///
/// @param nodeId this node's id in the cluster
/// @param daemonId separates the daemons of one machine: the same at every start of this one
/// @param address where other nodes reach this one's tasks and mesh
/// @param directory where the worker keeps its journal and its tasks, absolute
/// @param managers `host:port` of managers
/// @param hostname as the user wants it; "" for the machine's
/// @param version of this program
/// @param labels of the engine
/// @param genericResources what the node has besides CPU and memory
/// @param programs directories that tasks of the process runtime find programs in, after the
///     system's own
/// @param clock dates and judges waits; must not jump
/// @param nanoTime measures silence
public record WorkerConfig(
    String nodeId,
    String daemonId,
    InetAddress address,
    Path directory,
    List<String> managers,
    String hostname,
    String version,
    Map<String, String> labels,
    List<GenericResource> genericResources,
    List<Path> programs,
    InstantSource clock,
    LongSupplier nanoTime,
    RandomGenerator random) {

  public WorkerConfig {
    managers = List.copyOf(managers);
    labels = Map.copyOf(labels);
    genericResources = List.copyOf(genericResources);
    programs = List.copyOf(programs);
  }
}
