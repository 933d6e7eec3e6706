package dev.skein.manager;

import dev.skein.manager.auth.CallerInterceptor;
import dev.skein.manager.autoscale.Autoscaler;
import dev.skein.manager.ca.CertificateAuthorityService;
import dev.skein.manager.control.Admission;
import dev.skein.manager.control.ControlService;
import dev.skein.manager.control.EventLog;
import dev.skein.manager.control.Mutations;
import dev.skein.manager.control.SpecLimits;
import dev.skein.manager.dispatch.DispatcherService;
import dev.skein.manager.dispatch.log.LogBroker;
import dev.skein.manager.loop.ControlLoop;
import dev.skein.manager.loop.Planners;
import dev.skein.manager.member.ManagerRoster;
import dev.skein.manager.member.MembershipService;
import dev.skein.manager.member.RoleFollower;
import dev.skein.manager.rpc.LeaderChannel;
import dev.skein.manager.rpc.LeaderRoute;
import dev.skein.manager.rpc.ManagerChannels;
import dev.skein.manager.stats.ClusterStats;
import dev.skein.state.ClusterMachine;
import dev.skein.state.ClusterStore;
import dev.skein.state.IdSource;
import dev.skein.state.RaftStore;
import dev.skein.state.ratis.RaftListener;
import dev.skein.state.ratis.RaftNode;
import dev.skein.state.seal.Keyring;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A manager: its copy of the replicated state, what it serves to other nodes, and, while it leads,
/// the leader's duties.
public final class ManagerNode implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ManagerNode.class);
  private static final int CLOSE_SECONDS = 2;

  /// What the owner of a manager is told; on a thread of the manager's own.
  public interface Owner {
    /// It was taken out of the Raft group: close it, and forget its state.
    void removed();

    /// It could not store or apply an entry and serves nothing any more: end the process.
    void failed(Throwable cause);
  }

  private final ManagerConfig config;
  private final Owner owner;
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final RaftStore store;
  private final RaftNode raft;
  private final ManagerChannels channels;
  private final LeaderChannel leader;
  private final EventLog events;
  private final List<LeaderDuty> duties;
  private final List<BindableService> services;

  /// Whether a manager has led since this one was started. Owned by the thread of Raft's events.
  private boolean leaderSeen;

  private @Nullable Server remote;
  private @Nullable Server local;
  private @Nullable ManagedChannel localChannel;

  /// Opens nothing yet.
  public ManagerNode(ManagerConfig config, Keyring keyring, Owner owner) {
    this.config = config;
    this.owner = owner;
    var machine = new ClusterMachine();
    this.raft =
        new RaftNode(
            config.raft(), machine, keyring, new Role(), config.random(), config.nanoTime());
    this.store = new RaftStore(raft, machine);
    this.channels = new ManagerChannels(config.client());
    this.leader = new LeaderChannel(new LeaderRoute(this::leaderNow), calls, config.nanoTime());
    var ids = new IdSource(config.random());
    var roster = new ManagerRoster(store, raft, config.clock(), calls);
    var logs = new LogBroker(ids, config.clock());
    events = new EventLog(store, config.clock());
    var stats = new ClusterStats(config.steadyClock());
    var mutations =
        new Mutations(
            store, new Admission(SpecLimits.DEFAULT, raft::peers, config.random()), config.clock());
    var dispatcher =
        new DispatcherService(
            config.nodeId(),
            store,
            ids,
            config.steadyClock(),
            this::leaderAddress,
            logs,
            stats,
            () -> !leaderSeen);
    this.duties =
        List.of(
            new Planning(ids),
            stats,
            dispatcher,
            new RoleFollower(store, roster),
            new Autoscaler(store, mutations, stats, config.steadyClock()));
    this.services =
        List.of(
            new CertificateAuthorityService(
                store, raft::isLeader, leader, config.clock(), config.random()),
            new MembershipService(store, raft, roster, keyring, raft::isLeader, leader),
            dispatcher,
            new ControlService(
                store,
                mutations,
                raft::peers,
                roster::lead,
                events,
                logs::logs,
                stats,
                ids,
                config.clock(),
                calls));
  }

  /// Loads the state, joins the Raft group and begins to serve. Returns before there is a leader.
  ///
  /// @throws IOException if the state must not be served, or a port is taken
  public void start() throws IOException {
    try {
      raft.start();
      local =
          serve(
              InProcessServerBuilder.forName(localName()),
              CallerInterceptor.forLocalCalls(config.nodeId()));
      localChannel = InProcessChannelBuilder.forName(localName()).executor(calls).build();
      remote =
          serve(
              NettyServerBuilder.forAddress(config.listen(), config.server())
                  .maxInboundMessageSize(ManagerChannels.MESSAGE_BYTES_MAX)
                  .permitKeepAliveTime(5, TimeUnit.SECONDS)
                  .permitKeepAliveWithoutCalls(true),
              CallerInterceptor.forRemoteCalls(this::isMember));
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private Server serve(ServerBuilder<?> builder, CallerInterceptor callers) throws IOException {
    services.forEach(builder::addService);
    return builder.executor(calls).intercept(callers).build().start();
  }

  private String localName() {
    return "manager-" + config.raft().self().id();
  }

  public ClusterStore store() {
    return store;
  }

  public RaftNode raft() {
    return raft;
  }

  /// To whichever manager leads.
  public Channel leader() {
    return leader;
  }

  /// Whether the cluster knows this manager: it was told so by the state itself.
  public boolean isAdmitted() {
    var node = store.state().node(config.nodeId());
    return node != null && node.getManagerStatus().getRaftId().equals(config.raft().self().id());
  }

  /// A follower may not know yet of a node that just joined; the leader does.
  private boolean isMember(String nodeId) {
    return !raft.isLeader() || store.state().node(nodeId) != null;
  }

  private @Nullable Channel leaderNow() {
    if (raft.isLeader()) {
      return localChannel;
    }
    var address = leaderAddress();
    return address == null ? null : channels.to(address);
  }

  /// `host:port` of the leader's RPCs; null if it is unknown, or this manager.
  private @Nullable String leaderAddress() {
    var id = raft.leader().orElse("");
    if (id.isEmpty() || id.equals(config.raft().self().id())) {
      return null;
    }
    for (var node : store.state().nodes().values()) {
      if (node.getManagerStatus().getRaftId().equals(id)) {
        return node.getManagerStatus().getAddr();
      }
    }
    return null;
  }

  /// Stops serving; tasks on workers go on.
  @Override
  public void close() {
    if (raft.isLeader()) {
      handOver();
    }
    stop(remote);
    stop(local);
    if (localChannel != null) {
      localChannel.shutdownNow();
    }
    events.close();
    raft.close();
    channels.close();
    calls.shutdownNow();
  }

  /// Spares the cluster an election where another manager can lead.
  private void handOver() {
    raft.peers().stream()
        .filter(peer -> !peer.leader() && Boolean.TRUE.equals(peer.reachable()))
        .findFirst()
        .ifPresent(
            peer -> {
              try {
                raft.transferLeadership(peer.member().id()).get(CLOSE_SECONDS, TimeUnit.SECONDS);
              } catch (ExecutionException | TimeoutException e) {
                LOG.info("leadership was not handed over: {}", e.getMessage());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private static void stop(@Nullable Server server) {
    if (server != null) {
      server.shutdownNow();
    }
  }

  /// The control loop, one for each time of leading.
  private final class Planning implements LeaderDuty {

    private final IdSource ids;
    private @Nullable ControlLoop loop;

    Planning(IdSource ids) {
      this.ids = ids;
    }

    @Override
    public void begin() {
      loop = new ControlLoop(store, () -> Planners.create(ids), config.clock(), owner::failed);
      loop.start();
    }

    @Override
    public void end() {
      if (loop != null) {
        loop.close();
        loop = null;
      }
    }
  }

  private final class Role implements RaftListener {

    @Override
    public void becameLeader(long term) {
      LOG.info("this manager leads (term {})", term);
      duties.forEach(LeaderDuty::begin);
      leaderSeen = true;
      leader.leaderChanged();
    }

    @Override
    public void lostLeadership(long term) {
      LOG.info("this manager no longer leads (term {})", term);
      duties.reversed().forEach(LeaderDuty::end);
      leader.leaderChanged();
    }

    @Override
    public void leaderChanged(@Nullable String id) {
      leaderSeen |= id != null && !id.equals(config.raft().self().id());
      leader.leaderChanged();
    }

    @Override
    public void removed() {
      owner.removed();
    }

    @Override
    public void failed(Throwable cause) {
      owner.failed(cause);
    }
  }
}
