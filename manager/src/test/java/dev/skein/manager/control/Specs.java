package dev.skein.manager.control;

import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.EndpointSpec;
import dev.skein.proto.v1.ManagerStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Protocol;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.ReplicatedMode;
import dev.skein.proto.v1.RootCa;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ratis.PeerStatus;
import dev.skein.state.ratis.RaftMember;
import java.util.List;

/// Valid objects for tests to vary.
final class Specs {
  static final String DIGEST = "1".repeat(50);

  private Specs() {}

  static ServiceSpec web() {
    return named("web");
  }

  static ServiceSpec named(String name) {
    return ServiceSpec.newBuilder()
        .setName(name)
        .setTaskTemplate(process("sleep", "100"))
        .setMode(ServiceMode.newBuilder().setReplicated(ReplicatedMode.newBuilder().setReplicas(3)))
        .build();
  }

  static TaskSpec process(String... command) {
    return TaskSpec.newBuilder()
        .setRuntime("process")
        .setContainerSpec(
            ContainerSpec.newBuilder().setImage("skein/process").addAllArgs(List.of(command)))
        .build();
  }

  static ServiceSpec publishing(String name, PortConfig... ports) {
    return named(name).toBuilder()
        .setEndpointSpec(EndpointSpec.newBuilder().addAllPorts(List.of(ports)))
        .build();
  }

  static PortConfig ingress(int published, int target) {
    return PortConfig.newBuilder().setPublishedPort(published).setTargetPort(target).build();
  }

  static PortConfig host(int published, int target) {
    return ingress(published, target).toBuilder()
        .setPublishMode(PublishMode.PUBLISH_MODE_HOST)
        .build();
  }

  static PortConfig udp(PortConfig port) {
    return port.toBuilder().setProtocol(Protocol.PROTOCOL_UDP).build();
  }

  static Node worker(String id, String hostname) {
    return Node.newBuilder()
        .setId(id)
        .setSpec(spec(NodeRole.NODE_ROLE_WORKER))
        .setStatus(NodeStatus.newBuilder().setState(NodeState.NODE_STATE_READY))
        .setDescription(NodeDescription.newBuilder().setHostname(hostname))
        .build();
  }

  static Node manager(String id, String hostname) {
    return worker(id, hostname).toBuilder()
        .setSpec(spec(NodeRole.NODE_ROLE_MANAGER))
        .setManagerStatus(ManagerStatus.newBuilder().setRaftId("raft-" + id))
        .build();
  }

  static NodeSpec spec(NodeRole role) {
    return NodeSpec.newBuilder()
        .setRole(role)
        .setAvailability(NodeAvailability.NODE_AVAILABILITY_ACTIVE)
        .build();
  }

  /// How the leader sees the manager `id`.
  static PeerStatus peer(String id, boolean leader, boolean reachable) {
    return new PeerStatus(
        new RaftMember("raft-" + id, "127.0.0.1", 2378),
        leader,
        reachable ? 0L : 60_000L,
        null,
        null);
  }

  static Task task(String id, String serviceId, int slot, String nodeId, TaskState state) {
    return Task.newBuilder()
        .setId(id)
        .setServiceId(serviceId)
        .setSlot(slot)
        .setNodeId(nodeId)
        .setSpecVersion(1)
        .setDesiredState(TaskState.TASK_STATE_RUNNING)
        .setStatus(TaskStatus.newBuilder().setState(state))
        .build();
  }

  static Cluster cluster() {
    return Cluster.newBuilder()
        .setId("c")
        .setRootCa(RootCa.newBuilder().setDigest(DIGEST).setKey("the root's private key"))
        .build();
  }
}
