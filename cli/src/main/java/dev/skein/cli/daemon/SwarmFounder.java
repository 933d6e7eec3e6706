package dev.skein.cli.daemon;

import dev.skein.api.ApiException;
import dev.skein.cli.daemon.identity.Identity;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.manager.Bootstrap;
import dev.skein.manager.ManagerNode;
import dev.skein.manager.auth.NodeSubject;
import dev.skein.manager.ca.CertificateRequest;
import dev.skein.manager.ca.RootAuthority;
import dev.skein.manager.control.Admission;
import dev.skein.manager.control.Rejection;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.InitRequest;
import dev.skein.proto.v1.ManagerStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeRecord;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.state.Defaults;
import dev.skein.state.IdSource;
import dev.skein.state.Times;
import dev.skein.state.ratis.RaftNode;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;

/// `swarm init`: makes this node the first manager of a new swarm, or the only one of the old one.
final class SwarmFounder {

  private static final String NOT_A_MANAGER =
      "This node was no swarm manager; only a manager that has the swarm's state can start a new"
          + " cluster from it.";

  private static final int FIRST_LEADER_SECONDS = 20;
  private static final long ELECTION_LOOK_MS = 20;

  private final DaemonFiles files;
  private final WorkerFactory workers;
  private final BiFunction<NodeRecord, Identity, Member> members;
  private final SecureRandom random;

  /// @param members makes a member that is not started yet
  SwarmFounder(
      DaemonFiles files,
      WorkerFactory workers,
      BiFunction<NodeRecord, Identity, Member> members,
      SecureRandom random) {
    this.files = files;
    this.workers = workers;
    this.members = members;
    this.random = random;
  }

  /// Founds a swarm with this node as its first manager.
  ///
  /// @return the member, to be started
  /// @throws ApiException if the request is not in order
  Member found(InitRequest request) throws Exception {
    try {
      Admission.requireValid(request.getSpec());
    } catch (Rejection e) {
      throw new ApiException(400, String.valueOf(e.getMessage()));
    }
    var addresses = NodeAddresses.resolve(request.getListenAddr(), request.getAdvertiseAddr());
    var now = SystemClock.WALL.instant();
    var ids = new IdSource(random);
    var clusterId = ids.next();
    var nodeId = ids.next();
    var root = RootAuthority.create(now, random);
    var expiry =
        Defaults.nodeCertificateExpiry(Cluster.newBuilder().setSpec(request.getSpec()).build());
    var keys = CertificateRequest.newKeyPair();
    var certificate =
        RootAuthority.of(root, random)
            .issue(
                CertificateRequest.create(keys),
                new NodeSubject(nodeId, NodeRole.NODE_ROLE_MANAGER, clusterId),
                now,
                expiry);
    var identity = Identity.parse(keys.getPrivate(), certificate, root.getCertificate());
    var record =
        addresses.record().toBuilder()
            .setNodeId(nodeId)
            .setClusterId(clusterId)
            .setRole(NodeRole.NODE_ROLE_MANAGER)
            .setRaftId(Member.newRaftId(random))
            .addManagers(addresses.rpc())
            .build();
    var founded = members.apply(record, identity);
    try {
      files.forget();
      new IdentityStore(files.identity()).save(identity);
      founded.startManager(List.of(founded.raftMember()));
      var node = self(record, identity, request.getAvailability());
      var manager = awaitLeader(founded);
      manager
          .store()
          .propose(Bootstrap.create(clusterId, request.getSpec(), root, node, now, random))
          .get(FIRST_LEADER_SECONDS, TimeUnit.SECONDS);
      files.writeRecord(record);
    } catch (Exception e) {
      founded.close();
      files.forget();
      throw e;
    }
    return founded;
  }

  private Node self(NodeRecord record, Identity identity, NodeAvailability availability) {
    var addresses = NodeAddresses.of(record);
    return Node.newBuilder()
        .setId(record.getNodeId())
        .setRole(NodeRole.NODE_ROLE_MANAGER)
        .setSpec(
            NodeSpec.newBuilder()
                .setRole(NodeRole.NODE_ROLE_MANAGER)
                .setAvailability(
                    availability == NodeAvailability.NODE_AVAILABILITY_UNSPECIFIED
                        ? NodeAvailability.NODE_AVAILABILITY_ACTIVE
                        : availability))
        .setDescription(workers.description())
        .setStatus(
            NodeStatus.newBuilder()
                .setState(NodeState.NODE_STATE_UNKNOWN)
                .setAddr(record.getAdvertiseHost())
                .setSince(Times.timestamp(SystemClock.WALL.instant())))
        .setManagerStatus(
            ManagerStatus.newBuilder()
                .setAddr(addresses.rpc())
                .setRaftAddr(addresses.raft())
                .setRaftId(record.getRaftId()))
        .setCertificateExpiresAt(Times.timestamp(identity.certificate().getNotAfter().toInstant()))
        .build();
  }

  private static ManagerNode awaitLeader(Member founded) throws Exception {
    var manager = founded.manager();
    if (manager == null) {
      throw new IllegalStateException("the manager was not started");
    }
    var giveUpAt = SystemClock.NANOS.getAsLong() + TimeUnit.SECONDS.toNanos(FIRST_LEADER_SECONDS);
    while (true) {
      try {
        manager.store().read().get(FIRST_LEADER_SECONDS, TimeUnit.SECONDS);
        return manager;
      } catch (ExecutionException e) {
        // It has not elected itself yet.
        if (SystemClock.NANOS.getAsLong() - giveUpAt > 0) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(ELECTION_LOOK_MS));
      }
    }
  }

  /// Gives up the lost quorum: this manager, with all that it knows, becomes the only one. The
  /// others must not come back with their old state.
  ///
  /// @param stop stops what runs here, once it is sure that there is something to go on from
  /// @return the member, to be started
  Member foundAgain(InitRequest request, Runnable stop) throws Exception {
    var record = files.readRecord().orElseThrow(() -> new ApiException(503, NOT_A_MANAGER));
    if (record.getRaftId().isEmpty()) {
      throw new ApiException(503, NOT_A_MANAGER);
    }
    var identity =
        new IdentityStore(files.identity())
            .load()
            .orElseThrow(() -> new IOException(files.identity() + " is missing"));
    stop.run();
    var changed = record;
    if (!request.getAdvertiseAddr().isEmpty()) {
      var addresses = NodeAddresses.resolve(request.getListenAddr(), request.getAdvertiseAddr());
      changed = record.toBuilder().mergeFrom(addresses.record()).build();
    }
    changed =
        changed.toBuilder().clearManagers().addManagers(NodeAddresses.of(changed).rpc()).build();
    var alone = members.apply(changed, identity);
    try {
      RaftNode.forceNewCluster(files.raft(), alone.raftMember());
      alone.startManager(List.of());
      var manager = awaitLeader(alone);
      var state = manager.store().state();
      var before = state.node(changed.getNodeId());
      var survivor = self(changed, identity, NodeAvailability.NODE_AVAILABILITY_UNSPECIFIED);
      if (before != null) {
        survivor =
            survivor.toBuilder()
                .setSpec(before.getSpec().toBuilder().setRole(NodeRole.NODE_ROLE_MANAGER))
                .setCreatedAt(before.getCreatedAt())
                .build();
      }
      manager
          .store()
          .propose(Bootstrap.aloneAgain(state, survivor, SystemClock.WALL.instant()))
          .get(FIRST_LEADER_SECONDS, TimeUnit.SECONDS);
      files.writeRecord(changed);
    } catch (Exception e) {
      alone.close();
      throw e;
    }
    return alone;
  }
}
