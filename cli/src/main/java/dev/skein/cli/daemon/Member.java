package dev.skein.cli.daemon;

import dev.skein.cli.daemon.identity.Identity;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.cli.daemon.identity.NodeTls;
import dev.skein.manager.ManagerConfig;
import dev.skein.manager.ManagerNode;
import dev.skein.manager.rpc.ManagerChannels;
import dev.skein.proto.v1.DataKey;
import dev.skein.proto.v1.JoinRaftRequest;
import dev.skein.proto.v1.JoinRaftResponse;
import dev.skein.proto.v1.LeaveRaftRequest;
import dev.skein.proto.v1.ManagerList;
import dev.skein.proto.v1.MembershipGrpc;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRecord;
import dev.skein.proto.v1.NodeRole;
import dev.skein.state.IdSource;
import dev.skein.state.ratis.RaftConfig;
import dev.skein.state.ratis.RaftMember;
import dev.skein.state.ratis.RaftNode;
import dev.skein.state.ratis.RaftTiming;
import dev.skein.state.ratis.RaftTls;
import dev.skein.state.seal.KeyFile;
import dev.skein.state.seal.Keyring;
import dev.skein.state.seal.WrappingKey;
import dev.skein.worker.WorkerNode;
import dev.skein.worker.agent.AgentListener;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This node as a member of a swarm: always a worker, and a manager while its certificate says so.
///
/// Its role follows the cluster: when the node's spec names another, the certificate is renewed,
/// and the manager is started or stopped to match. All methods but the accessors are called by one
/// thread at a time, [NodeLifecycle]'s.
final class Member implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Member.class);
  private static final int CALL_SECONDS = 10;
  private static final long LEAVE_AGAIN_MS = 200;
  private static final int ADMISSION_SECONDS = 40;
  private static final int STOP_SECONDS = 30;

  /// What a member tells its owner; from any thread.
  interface Owner {
    /// The node's role or certificate changed: call [Member#follow] on the lifecycle's thread.
    void roleMayHaveChanged();

    /// A manager does not take this node for a member.
    void refused(String reason);

    /// The manager here cannot go on: end the process.
    void failed(Throwable cause);
  }

  private final DaemonFiles files;
  private final Owner owner;
  private final SwitchedChannel control;
  private final SecureRandom random;
  private final NodeTls tls;
  private final ManagerChannels channels;
  private final CertificateRenewer renewer;
  private final WorkerFactory workers;
  private volatile NodeRecord record;
  private volatile @Nullable WorkerNode worker;
  private volatile @Nullable ManagerNode manager;
  private volatile @Nullable Node lastSeen;
  private volatile boolean removedFromRaft;

  Member(
      DaemonFiles files,
      NodeRecord record,
      Identity identity,
      Owner owner,
      SwitchedChannel control,
      WorkerFactory workers,
      SecureRandom random) {
    this.files = files;
    this.record = record;
    this.owner = owner;
    this.control = control;
    this.workers = workers;
    this.random = random;
    this.tls = new NodeTls(identity, SystemClock.WALL);
    this.channels = new ManagerChannels(tls.channelCredentials());
    this.renewer =
        new CertificateRenewer(
            tls,
            new IdentityStore(files.identity()),
            this::anyManager,
            ignored -> renewed(),
            SystemClock.WALL,
            random);
  }

  NodeRecord record() {
    return record;
  }

  NodeTls tls() {
    return tls;
  }

  @Nullable ManagerNode manager() {
    return manager;
  }

  Channel channelTo(String manager) {
    return channels.to(manager);
  }

  /// Begins to work: takes over the tasks that are here, and looks for a manager.
  void start() throws IOException {
    renewer.start();
    var started = workers.create(record, channels::to, new Session());
    worker = started;
    started.start();
  }

  /// Stops all tasks, for good; those that have not ended after a while are left to be swept up by
  /// the runtime.
  void stopTasks() throws InterruptedException {
    var running = worker;
    if (running == null) {
      return;
    }
    try {
      running.stopAllTasks().get(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("not all tasks of this node have ended: {}", e.toString());
    }
  }

  /// Starts the first manager of a new cluster, or one that was here before.
  ///
  /// @throws IOException if there is nothing left of what a manager that was here has stored
  void startManager(List<RaftMember> bootstrap) throws IOException {
    if (bootstrap.isEmpty()
        && record.getRole() == NodeRole.NODE_ROLE_MANAGER
        && !RaftNode.hasState(files.raft())) {
      throw new IOException(
          files.raft()
              + " has lost the state of this manager; put its disk back, or remove the node with"
              + " \"skein node rm --force\" at another manager, wipe its directory and join it"
              + " again");
    }
    var keyring =
        bootstrap.isEmpty()
            ? KeyFile.load(files.keys(), wrappingKey(), random)
            : Keyring.generate(random);
    if (!bootstrap.isEmpty()) {
      KeyFile.save(files.keys(), keyring, wrappingKey(), random);
    }
    runManager(keyring, bootstrap);
    if (record.getRole() == NodeRole.NODE_ROLE_MANAGER) {
      serveControl();
    }
  }

  /// Starts a manager that the Raft group does not know yet, and has it added. A repeated attempt
  /// goes on with the id of the first: under another one the group could count it twice.
  private void joinManagers() throws IOException {
    if (manager == null) {
      prepareManager();
    }
    // Its server goes on whatever comes of this: the group may count on it already.
    askToJoin(record, true);
    remember(record.toBuilder().setRole(NodeRole.NODE_ROLE_MANAGER).build());
    serveControl();
  }

  private void prepareManager() throws IOException {
    var fresh = record;
    if (fresh.getRaftId().isEmpty()) {
      fresh = record.toBuilder().setRaftId(newRaftId(random)).build();
      files.forgetRaft();
    }
    var welcome = askToJoin(fresh, false);
    var keys = new TreeMap<Integer, byte[]>();
    for (DataKey key : welcome.getDataKeysList()) {
      keys.put(key.getId(), key.getKey().toByteArray());
    }
    var keyring = Keyring.of(welcome.getActiveDataKey(), keys);
    KeyFile.save(files.keys(), keyring, wrappingKey(), random);
    remember(fresh);
    runManager(keyring, List.of());
  }

  private void serveControl() {
    var serving = manager;
    control.connect(serving == null ? null : serving.leader());
  }

  private JoinRaftResponse askToJoin(NodeRecord self, boolean add) throws IOException {
    var addresses = NodeAddresses.of(self);
    try {
      return MembershipGrpc.newBlockingStub(anyManager())
          .withDeadlineAfter(add ? ADMISSION_SECONDS : CALL_SECONDS, TimeUnit.SECONDS)
          .joinRaft(
              JoinRaftRequest.newBuilder()
                  .setAddr(addresses.rpc())
                  .setRaftAddr(addresses.raft())
                  .setRaftId(self.getRaftId())
                  .setAdd(add)
                  .build());
    } catch (StatusRuntimeException e) {
      throw new IOException("cannot become a manager: " + e.getStatus().getDescription(), e);
    }
  }

  private void runManager(Keyring keyring, List<RaftMember> bootstrap) throws IOException {
    var addresses = NodeAddresses.of(record);
    var raft =
        new RaftConfig(
            record.getClusterId(),
            raftMember(),
            addresses.listenHost(),
            files.raft(),
            bootstrap,
            RaftTiming.DEFAULT,
            new RaftTls(tls.keyManager(), tls.managersOnly()),
            RaftConfig.SNAPSHOT_ENTRIES);
    var started =
        new ManagerNode(
            new ManagerConfig(
                record.getNodeId(),
                addresses.listenRpc(),
                raft,
                tls.serverCredentials(),
                tls.channelCredentials(),
                SystemClock.WALL,
                SystemClock.STEADY,
                SystemClock.NANOS,
                random),
            keyring,
            new ManagerEvents());
    started.start();
    manager = started;
    removedFromRaft = false;
  }

  RaftMember raftMember() {
    var addresses = NodeAddresses.of(record);
    return new RaftMember(record.getRaftId(), addresses.advertiseHost(), addresses.raftPort());
  }

  private void stopManager() {
    var running = manager;
    control.connect(null);
    manager = null;
    if (running != null) {
      running.close();
    }
  }

  /// What the managers say of this node, by the worker's session.
  private void seen(Node node) {
    lastSeen = node;
    var wanted = node.getSpec().getRole();
    var has = tls.identity().subject().role();
    if (wanted != has && (wanted == NodeRole.NODE_ROLE_MANAGER || !node.hasManagerStatus())) {
      renewer.renewNow();
    }
    owner.roleMayHaveChanged();
  }

  /// A connection counts as what its certificate said when it was made: new calls take new ones.
  private void renewed() {
    channels.renew();
    owner.roleMayHaveChanged();
  }

  /// Makes what runs here match the certificate's role.
  ///
  /// @throws IOException if the manager could not be started; to be tried again
  void follow() throws IOException {
    var role = tls.identity().subject().role();
    if (manager != null && (removedFromRaft || role != NodeRole.NODE_ROLE_MANAGER)) {
      LOG.info("this node is no manager any more");
      stopManager();
      // In this order: a manager without its state would not start again.
      remember(record.toBuilder().setRaftId("").setRole(NodeRole.NODE_ROLE_WORKER).build());
      files.forgetRaft();
      if (role == NodeRole.NODE_ROLE_MANAGER) {
        renewer.renewNow();
      }
      return;
    }
    var serves = manager != null && record.getRole() == NodeRole.NODE_ROLE_MANAGER;
    if (!serves && role == NodeRole.NODE_ROLE_MANAGER && !demoted()) {
      LOG.info("this node becomes a manager");
      joinManagers();
    }
  }

  private boolean demoted() {
    var node = lastSeen;
    return node != null && node.getSpec().getRole() == NodeRole.NODE_ROLE_WORKER;
  }

  /// The managers' addresses as the session tells them.
  private void managersAre(List<String> addresses) {
    if (!addresses.isEmpty() && !addresses.equals(record.getManagersList())) {
      try {
        remember(record.toBuilder().clearManagers().addAllManagers(addresses).build());
      } catch (IOException e) {
        LOG.warn("the managers' addresses could not be written down", e);
      }
    }
  }

  /// The other managers that are known here, by node id; without ids (of those of which only the
  /// address is known) the address stands for it.
  Map<String, String> managers() {
    var found = new TreeMap<String, String>();
    var own = manager;
    if (own != null) {
      for (var node : own.store().state().nodes().values()) {
        if (node.hasManagerStatus()) {
          found.put(node.getId(), node.getManagerStatus().getAddr());
        }
      }
    }
    if (found.isEmpty()) {
      record.getManagersList().forEach(address -> found.put(address, address));
    }
    return found;
  }

  /// Why a manager should not simply leave, in Docker's words.
  String whyNotLeave() {
    var text =
        "You are attempting to leave the swarm on a node that is participating as a manager. ";
    var count = managers().size();
    if (count <= 1) {
      return text
          + "Removing the last manager erases all current state of the swarm. Use `--force` to"
          + " ignore this message.";
    }
    var quorum = count / 2 + 1;
    return text
        + (count - 1 < quorum
            ? "Removing this node leaves %d managers out of %d. Without a Raft quorum your swarm will be inaccessible. "
                .formatted(count - 1, count)
            : "")
        + "The only way to restore a swarm that has lost consensus is to reinitialize it with"
        + " `--force-new-cluster`. Use `--force` to suppress this message.";
  }

  /// Leaves the Raft group in good order if the other managers can be reached and agree; a forced
  /// leave goes on without that.
  void tryLeaveManagers() {
    if (managers().size() <= 1) {
      return;
    }
    var giveUpAt = SystemClock.NANOS.getAsLong() + TimeUnit.SECONDS.toNanos(CALL_SECONDS);
    while (true) {
      try {
        MembershipGrpc.newBlockingStub(anyManager())
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .leaveRaft(LeaveRaftRequest.getDefaultInstance());
        return;
      } catch (StatusRuntimeException e) {
        // An election, or another change of the managers, may be under way.
        if (e.getStatus().getCode() != Status.Code.UNAVAILABLE
            || SystemClock.NANOS.getAsLong() - giveUpAt > 0) {
          LOG.warn(
              "left without the other managers' consent ({}); remove this node there: skein node rm"
                  + " --force {}",
              e.getStatus().getDescription(),
              record.getNodeId());
          return;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LEAVE_AGAIN_MS));
      }
    }
  }

  @Override
  public void close() {
    renewer.close();
    var running = worker;
    worker = null;
    if (running != null) {
      running.close();
    }
    stopManager();
    channels.close();
  }

  private synchronized void remember(NodeRecord changed) throws IOException {
    files.writeRecord(changed);
    record = changed;
  }

  /// Any manager will do, as each hands on to the leader; a different one each time, as some may be
  /// down.
  private Channel anyManager() {
    var own = manager;
    if (own != null && own.isAdmitted()) {
      return own.leader();
    }
    var known = new ArrayList<>(record.getManagersList());
    if (known.isEmpty()) {
      throw new IllegalStateException("no manager is known");
    }
    Collections.shuffle(known, java.util.Random.from(random));
    return channels.to(known.getFirst());
  }

  private WrappingKey wrappingKey() throws IOException {
    return WrappingKey.localFile(files.wrappingKey(), random);
  }

  static String newRaftId(SecureRandom random) {
    return "m-" + new IdSource(random).next();
  }

  private final class Session implements AgentListener {

    @Override
    public void managersChanged(ManagerList managers) {
      managersAre(managers.getAddrsList());
    }

    @Override
    public void nodeChanged(Node node) {
      seen(node);
    }

    @Override
    public void refused(Status status) {
      owner.refused(String.valueOf(status.getDescription()));
    }
  }

  private final class ManagerEvents implements ManagerNode.Owner {

    @Override
    public void removed() {
      removedFromRaft = true;
      owner.roleMayHaveChanged();
    }

    @Override
    public void failed(Throwable cause) {
      owner.failed(cause);
    }
  }
}
