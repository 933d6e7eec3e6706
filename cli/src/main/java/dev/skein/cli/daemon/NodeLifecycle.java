package dev.skein.cli.daemon;

import static java.util.Objects.requireNonNull;

import dev.skein.api.ApiException;
import dev.skein.api.LocalNode;
import dev.skein.cli.daemon.identity.Enrolment;
import dev.skein.cli.daemon.identity.Identity;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.manager.Bootstrap;
import dev.skein.manager.auth.NodeSubject;
import dev.skein.manager.ca.CertificateRequest;
import dev.skein.manager.ca.JoinToken;
import dev.skein.manager.ca.RootAuthority;
import dev.skein.manager.control.Admission;
import dev.skein.manager.control.Rejection;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.InitRequest;
import dev.skein.proto.v1.IssueCertificateRequest;
import dev.skein.proto.v1.JoinRequest;
import dev.skein.proto.v1.LocalNodeInfo;
import dev.skein.proto.v1.LocalNodeState;
import dev.skein.proto.v1.ManagerStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRecord;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.RemoteManager;
import dev.skein.state.Defaults;
import dev.skein.state.IdSource;
import dev.skein.state.Times;
import dev.skein.state.ratis.RaftNode;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How this node enters a swarm, changes its role in it, and leaves it: one step after the other,
/// on one thread.
final class NodeLifecycle implements LocalNode, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(NodeLifecycle.class);

  private static final String ALREADY =
      "This node is already part of a swarm. Use \"skein swarm leave\" to leave this swarm and join"
          + " another one.";
  private static final int FIRST_LEADER_SECONDS = 20;
  private static final int CLOSE_SECONDS = 5;

  /// How long a joining manager waits to be let in, as Docker does.
  private static final int JOIN_SECONDS = 20;

  private static final long RETRY_MS = 500;
  private static final long ELECTION_LOOK_MS = 20;

  private final DaemonOptions options;
  private final DaemonFiles files;
  private final WorkerFactory workers;
  private final SwitchedChannel control;
  private final SecureRandom random;
  private final Runnable die;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("node-lifecycle").factory());
  private volatile @Nullable Member member;
  private volatile LocalNodeState state = LocalNodeState.LOCAL_NODE_STATE_INACTIVE;
  private volatile String error = "";
  // Whether #follow will be called again by itself; of the lifecycle's thread.
  private boolean retrying;

  NodeLifecycle(
      DaemonOptions options,
      DaemonFiles files,
      WorkerFactory workers,
      SwitchedChannel control,
      SecureRandom random,
      Runnable die) {
    this.options = options;
    this.files = files;
    this.workers = workers;
    this.control = control;
    this.random = random;
    this.die = die;
  }

  /// Comes back as what this node was.
  ///
  /// @throws IOException if what is on disk cannot be used
  void resume() throws IOException {
    var record = files.readRecord();
    if (record.isEmpty()) {
      files.forget();
      return;
    }
    var identity =
        new IdentityStore(files.identity())
            .load()
            .orElseThrow(
                () ->
                    new IOException(
                        files.identity() + " is missing; " + files.record() + " is not"));
    var restored = newMember(record.get(), identity);
    if (record.get().getRole() == NodeRole.NODE_ROLE_MANAGER
        && !record.get().getRaftId().isEmpty()) {
      restored.startManager(List.of());
    }
    activate(restored);
    follow();
  }

  @Override
  public LocalNodeInfo info() {
    var info = LocalNodeInfo.newBuilder().setLocalNodeState(state).setError(error);
    var present = member;
    if (present != null) {
      var record = present.record();
      info.setNodeId(record.getNodeId())
          .setNodeAddr(record.getAdvertiseHost())
          .setClusterId(record.getClusterId())
          .setControlAvailable(present.manager() != null);
      present
          .managers()
          .forEach(
              (id, addr) ->
                  info.addRemoteManagers(RemoteManager.newBuilder().setNodeId(id).setAddr(addr)));
    }
    return info.build();
  }

  @Override
  public NodeDescription description() {
    return workers.description();
  }

  // ---- init

  @Override
  public String init(InitRequest request) throws InterruptedException {
    return onThread(() -> request.getForceNewCluster() ? forceNewCluster(request) : found(request));
  }

  private String found(InitRequest request) throws Exception {
    requireInactive();
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
    var founded = newMember(record, identity);
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
    activate(founded);
    return nodeId;
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

  private dev.skein.manager.ManagerNode awaitLeader(Member founded) throws Exception {
    var manager = founded.manager();
    if (manager == null) {
      throw new IllegalStateException("the manager was not started");
    }
    var giveUpAt =
        SystemClock.NANOS.getAsLong() + TimeUnit.SECONDS.toNanos(FIRST_LEADER_SECONDS);
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

  /// Gives up the lost quorum: this manager, with all that it knows, becomes the only one.
  private String forceNewCluster(InitRequest request) throws Exception {
    var record = files.readRecord().orElseThrow(() -> new ApiException(503, NOT_A_MANAGER));
    if (record.getRaftId().isEmpty()) {
      throw new ApiException(503, NOT_A_MANAGER);
    }
    var identity =
        new IdentityStore(files.identity())
            .load()
            .orElseThrow(() -> new IOException(files.identity() + " is missing"));
    deactivate();
    var changed = record;
    if (!request.getAdvertiseAddr().isEmpty()) {
      var addresses = NodeAddresses.resolve(request.getListenAddr(), request.getAdvertiseAddr());
      changed = record.toBuilder().mergeFrom(addresses.record()).build();
    }
    changed =
        changed.toBuilder().clearManagers().addManagers(NodeAddresses.of(changed).rpc()).build();
    var alone = newMember(changed, identity);
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
    activate(alone);
    return changed.getNodeId();
  }

  private static final String NOT_A_MANAGER =
      "This node was no swarm manager; only a manager that has the swarm's state can start a new"
          + " cluster from it.";

  // ---- join

  @Override
  public void join(JoinRequest request) throws InterruptedException {
    onThread(
        () -> {
          joinSwarm(request);
          return "";
        });
  }

  private void joinSwarm(JoinRequest request) throws Exception {
    requireInactive();
    JoinToken token;
    try {
      token = JoinToken.parse(request.getJoinToken());
    } catch (IllegalArgumentException e) {
      throw new ApiException(500, "invalid join token");
    }
    if (request.getRemoteAddrsList().isEmpty()) {
      throw new ApiException(400, "at least 1 RemoteAddr is required to join");
    }
    var addresses = NodeAddresses.resolve(request.getListenAddr(), request.getAdvertiseAddr());
    var asked =
        IssueCertificateRequest.newBuilder()
            .setAvailability(request.getAvailability())
            .setHostname(options.hostname())
            .setAddr(addresses.advertiseHost())
            .build();
    var remotes = request.getRemoteAddrsList().stream().map(NodeAddresses::withPort).toList();
    var identity = enrol(remotes, token, asked);
    var subject = identity.subject();
    var record =
        addresses.record().toBuilder()
            .setNodeId(subject.nodeId())
            .setClusterId(subject.clusterId())
            .setRole(NodeRole.NODE_ROLE_WORKER)
            .addAllManagers(remotes)
            .build();
    var joined = newMember(record, identity);
    try {
      files.forget();
      new IdentityStore(files.identity()).save(identity);
      files.writeRecord(record);
      followSoon(joined);
    } catch (LateException e) {
      activate(joined);
      error = String.valueOf(e.getMessage());
      retryFollow();
      throw new ApiException(
          503,
          "Timeout was reached before node joined. The attempt to join the swarm will continue in"
              + " the background. Use the \"skein info\" command to see the current swarm status of"
              + " your node. Last error: "
              + e.getMessage());
    } catch (Exception e) {
      joined.close();
      files.forget();
      throw e;
    }
    activate(joined);
  }

  /// The managers may be electing a leader just now, or be busy.
  private static void followSoon(Member joined) throws IOException {
    var giveUpAt = SystemClock.NANOS.getAsLong() + TimeUnit.SECONDS.toNanos(JOIN_SECONDS);
    while (true) {
      try {
        joined.follow();
        return;
      } catch (IOException e) {
        if (!(e.getCause() instanceof StatusRuntimeException refused) || !isTemporary(refused)) {
          throw e;
        }
        if (SystemClock.NANOS.getAsLong() - giveUpAt > 0) {
          throw new LateException(e);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(RETRY_MS));
      }
    }
  }

  private static boolean isTemporary(StatusRuntimeException refused) {
    return switch (refused.getStatus().getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED -> true;
      default -> false;
    };
  }

  /// A step did not succeed in time, and may still.
  private static final class LateException extends IOException {
    private static final long serialVersionUID = 1;

    LateException(IOException last) {
      super(last.getMessage(), last);
    }
  }

  private static Identity enrol(
      List<String> remotes, JoinToken token, IssueCertificateRequest asked) {
    @Nullable ApiException last = null;
    for (var remote : remotes) {
      try {
        return Enrolment.join(remote, token, asked);
      } catch (IllegalArgumentException e) {
        last = new ApiException(400, String.valueOf(e.getMessage()));
      } catch (StatusRuntimeException e) {
        var status = e.getStatus();
        last =
            status.getCode() == Status.Code.UNAVAILABLE
                    || status.getCode() == Status.Code.DEADLINE_EXCEEDED
                ? new ApiException(
                    503, "could not reach the manager at %s: %s".formatted(remote, reason(status)))
                : new ApiException(400, String.valueOf(status.getDescription()));
      }
    }
    throw requireNonNull(last);
  }

  private static String reason(Status status) {
    var cause = status.getCause();
    return cause == null || cause.getMessage() == null
        ? String.valueOf(status.getDescription())
        : cause.getMessage();
  }

  // ---- leave

  @Override
  public void leave(boolean force) throws InterruptedException {
    onThread(
        () -> {
          leaveSwarm(force);
          return "";
        });
  }

  private void leaveSwarm(boolean force) throws Exception {
    var leaving = member;
    if (leaving == null) {
      throw new ApiException(503, "This node is not part of a swarm");
    }
    if (leaving.manager() != null) {
      if (!force) {
        throw new ApiException(503, leaving.whyNotLeave());
      }
      leaving.tryLeaveManagers();
    }
    leaving.stopTasks();
    deactivate();
    files.forget();
  }

  // ---- roles

  private void follow() {
    var present = member;
    if (present == null) {
      return;
    }
    try {
      present.follow();
      error = "";
    } catch (IOException | StatusRuntimeException | IllegalStateException e) {
      error = String.valueOf(e.getMessage());
      LOG.warn("{}; trying again", e.getMessage());
      retryFollow();
    }
  }

  private void retryFollow() {
    if (retrying) {
      return;
    }
    retrying = true;
    Thread.startVirtualThread(
        () -> {
          try {
            if (!thread.awaitTermination(RETRY_MS, TimeUnit.MILLISECONDS)) {
              thread.execute(
                  () -> {
                    retrying = false;
                    follow();
                  });
            }
          } catch (InterruptedException | java.util.concurrent.RejectedExecutionException e) {
            LOG.debug("closing", e);
          }
        });
  }

  private final class Events implements Member.Owner {

    @Override
    public void roleMayHaveChanged() {
      thread.execute(NodeLifecycle.this::follow);
    }

    @Override
    public void refused(String reason) {
      error = reason;
      LOG.warn("a manager refuses this node: {}", reason);
    }

    @Override
    public void failed(Throwable cause) {
      LOG.error("this daemon ends, as its manager cannot go on", cause);
      die.run();
    }
  }

  // ----

  private Member newMember(NodeRecord record, Identity identity) {
    return new Member(files, record, identity, new Events(), control, workers, random);
  }

  private void activate(Member started) throws IOException {
    started.start();
    member = started;
    state = LocalNodeState.LOCAL_NODE_STATE_ACTIVE;
    error = "";
  }

  private void deactivate() {
    var present = member;
    member = null;
    state = LocalNodeState.LOCAL_NODE_STATE_INACTIVE;
    error = "";
    if (present != null) {
      present.close();
    }
  }

  private void requireInactive() {
    if (member != null) {
      throw new ApiException(503, ALREADY);
    }
  }

  private String onThread(Callable<String> step) throws InterruptedException {
    try {
      return thread.submit(step).get();
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case ApiException known -> known;
        case ExecutionException inner when inner.getCause() != null ->
            new ApiException(500, String.valueOf(inner.getCause().getMessage()));
        case TimeoutException late ->
            new ApiException(500, "the first manager did not become the leader in time");
        case IOException known -> new ApiException(500, String.valueOf(known.getMessage()));
        case StatusRuntimeException known ->
            new ApiException(500, String.valueOf(known.getStatus().getDescription()));
        case null, default -> new IllegalStateException(e.getCause());
      };
    }
  }

  /// Stops what runs here; tasks go on, and a daemon started again takes them over.
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    deactivate();
  }
}
