package dev.skein.state.ratis;

import dev.skein.state.ratis.GroupCommit.Readiness;
import dev.skein.state.seal.Keyring;
import dev.skein.state.seal.SealException;
import dev.skein.state.seal.Sealer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.protocol.exceptions.NotLeaderException;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.util.ExitUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A member of the Raft group: replicates records, elects, stores, recovers.
///
/// Start it once and close it once; all other methods may be called from any thread at any time in
/// between and never block on the network or the disk for longer than handing over an entry.
/// Futures complete on a thread of the node's own: long work belongs elsewhere.
public final class RaftNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RaftNode.class);

  private final RaftConfig config;
  private final LongSupplier nanoTime;
  private final RaftPeerId self;
  private final ClientId client;
  private final AtomicLong callIds = new AtomicLong();
  private final Leadership leadership;
  private final GroupCommit commit;
  private final SealedStateMachine machine;
  private final ExecutorService completions;
  private final ReadRounds reads;

  // Set by start, in this order.
  private volatile @Nullable VoteDurability votes;
  private volatile @Nullable TermService terms;
  private volatile @Nullable RaftServer server;
  private volatile @Nullable Membership membership;
  private volatile RaftServer.@Nullable Division division;
  private volatile @Nullable MemberWatch watch;
  private volatile boolean closed;
  private volatile boolean failed;

  /// Opens nothing yet.
  ///
  /// @param machine fed by this node only
  /// @param keyring the cluster's data keys; a joining member must hold them before it starts
  /// @param random source of nonces
  /// @param nanoTime monotonic clock in nanoseconds
  public RaftNode(
      RaftConfig config,
      ReplicatedMachine machine,
      Keyring keyring,
      RaftListener listener,
      SecureRandom random,
      LongSupplier nanoTime) {
    this.config = config;
    this.nanoTime = nanoTime;
    String id = config.self().id();
    this.self = RaftPeerId.valueOf(id);
    this.client = ClientId.randomId();
    this.completions =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("raft-results-" + id).factory());
    this.leadership = new Leadership(listener, id, this::leads);
    this.commit = new GroupCommit(new EntryLog(), this::notLeader, this::complete);
    this.reads = new ReadRounds(this::leading, this::term, this::complete);
    this.machine =
        new SealedStateMachine(
            machine, new Sealer(keyring, random), new Notices(), config.snapshotEntries(), id);
  }

  /// Checks the directory, loads the state and joins the group. Returns before there is a leader.
  ///
  /// @throws RaftStorageException if the directory's state must not be served; names the file
  /// @throws IOException if the port is taken or the disk fails
  public void start() throws IOException {
    StateDirectory directory = StateDirectory.open(config);
    LogInspection.check(directory);
    keepProcessAlive();
    RaftGroupId group = RaftGroupId.valueOf(directory.groupId());
    List<RaftPeer> bootstrap = directory.bootstrap().stream().map(Membership::peer).toList();
    VoteDurability durability = new VoteDurability(self, directory.current(), this::fail);
    votes = durability;
    try {
      TermService asking =
          new TermService(
              config.self().id(), () -> division, RatisSettings.tls(config.tls()), nanoTime);
      terms = asking;
      RaftServer built =
          RaftServer.newBuilder()
              .setServerId(self)
              .setGroup(RaftGroup.valueOf(group, bootstrap))
              .setOption(RaftStorage.StartupOption.RECOVER)
              .setStateMachineRegistry(any -> machine)
              .setProperties(RatisSettings.properties(config, directory))
              .setParameters(
                  RatisSettings.parameters(config, new PeerServices(durability, machine, asking)))
              .build();
      server = built;
      built.start();
      RaftServer.Division started = built.getDivision(group);
      Membership known =
          new Membership(built, started, client, callIds::incrementAndGet, this::notLeader);
      membership = known;
      division = started;
      leadership.members(started.getRaftConf().getLogEntryIndex(), members());
      MemberWatch looking =
          new MemberWatch(
              built,
              started,
              known,
              leadership,
              commit,
              config.timing().proposal(),
              nanoTime,
              this::fail);
      watch = looking;
      looking.start();
    } catch (IOException | RuntimeException e) {
      close();
      throw startFailure(e);
    }
  }

  /// Replicates a record. Records proposed at the same time share log entries; the order of one
  /// caller's proposals is kept while this member leads.
  ///
  /// @param record at most [RaftLimits#RECORD_BYTES_MAX] bytes; must not change any more
  /// @return its place and result once a quorum stored it and the local machine applied it; fails
  ///     with a [RaftException]: `NotLeader`, `TooLarge` and `Overloaded` mean that nothing was
  ///     logged, `Unavailable` tells whether something was
  public CompletableFuture<Applied> propose(byte[] record) {
    return commit.submit(record, deadline());
  }

  /// A point for linearizable reads on the leader: every change acknowledged before this call is in
  /// the local machine when the future completes.
  ///
  /// Ratis' own linearizable reads can be stale after a pause of the leader's process, so
  /// leadership is confirmed by [ReadRounds], and where no majority answers those in time, by
  /// committing: the barrier then takes part in the next log entry, or makes an empty one.
  ///
  /// @return an index that the machine has reached at that point; fails with a [RaftException]
  public CompletableFuture<Long> readBarrier() {
    long deadline = deadline();
    if (readiness() != Readiness.READY) {
      return commitBarrier(deadline);
    }
    return reads
        .confirm()
        .thenCompose(
            confirmed ->
                confirmed
                    ? CompletableFuture.completedFuture(appliedIndex())
                    : commitBarrier(deadline));
  }

  private CompletableFuture<Long> commitBarrier(long deadlineNanos) {
    return commit.submit(null, deadlineNanos).thenApply(Applied::index);
  }

  /// The id of the member that leads, as far as this one knows.
  public Optional<String> leader() {
    RaftServer.Division running = division;
    return running == null
        ? Optional.empty()
        : Optional.ofNullable(Membership.name(running.getInfo().getLeaderId()));
  }

  /// The current term, 0 before the first election.
  public long term() {
    RaftServer.Division running = division;
    return running == null ? 0 : running.getInfo().getCurrentTerm();
  }

  /// Whether this member leads and its machine has caught up. May be outdated when it returns:
  /// only a commit proves leadership.
  public boolean isLeader() {
    return readiness() == Readiness.READY;
  }

  /// The last index that the local machine has applied, -1 if none.
  public long appliedIndex() {
    return machine.getLastAppliedTermIndex().getIndex();
  }

  /// The members of the current configuration.
  public List<RaftMember> members() {
    Membership known = membership;
    return known == null ? List.of() : known.members();
  }

  /// The members and how they do.
  public List<PeerStatus> peers() {
    Membership known = membership;
    return known == null ? List.of() : known.peers();
  }

  /// Adds a member that was started with an empty bootstrap list; completes when it has caught up
  /// and votes. Leader only; one change at a time.
  public CompletableFuture<Void> addPeer(RaftMember member) {
    Membership known = membership;
    return known == null ? CompletableFuture.failedFuture(notLeader()) : known.add(member);
  }

  /// Removes a member, this one included. Refused when the remaining members that answer would be
  /// no quorum. Leader only; one change at a time.
  public CompletableFuture<Void> removePeer(String id) {
    Membership known = membership;
    return known == null ? CompletableFuture.failedFuture(notLeader()) : known.remove(id);
  }

  /// Hands leadership to another member. Leader only.
  public CompletableFuture<Void> transferLeadership(String id) {
    Membership known = membership;
    return known == null
        ? CompletableFuture.failedFuture(notLeader())
        : known.transfer(id, config.timing().proposal());
  }

  /// Takes a snapshot now, on any member, and lets the log before it go.
  ///
  /// @return the index of the snapshot that became durable, or of the latest one if nothing was
  ///     applied since
  public CompletableFuture<Long> snapshotNow() {
    RaftServer running = server;
    RaftServer.Division known = division;
    if (running == null || known == null) {
      return CompletableFuture.failedFuture(notLeader());
    }
    CompletableFuture<Long> snapshot = machine.awaitSnapshot();
    SnapshotManagementRequest request =
        SnapshotManagementRequest.newCreate(
            client,
            self,
            known.getMemberId().getGroupId(),
            callIds.incrementAndGet(),
            config.timing().proposal().toMillis(),
            1);
    long before = machine.takeSnapshotCalls();
    var _ =
        running
            .snapshotManagementAsync(request)
            .whenComplete(
                (reply, failure) -> {
                  if (failure != null) {
                    snapshot.completeExceptionally(failure);
                  } else if (machine.takeSnapshotCalls() == before) {
                    machine.releaseAwaiting(null); // Ratis found nothing new to store.
                  }
                });
    return snapshot;
  }

  /// Recovers from a lost quorum: makes the member whose stopped directory this is the only one,
  /// with all data it has. Changes that had no quorum yet become permanent. The other members must
  /// never come back: wipe them and add them again under new ids.
  ///
  /// @throws RaftStorageException if the directory is in use, damaged or another member's
  public static void forceNewCluster(Path directory, RaftMember self) throws IOException {
    ForcedCluster.rewrite(directory, self);
  }

  /// Whether a stopped member's directory has what each member has that was ever started. Where it
  /// has not, the disk was wiped: a member that goes on under the same id would vote again in terms
  /// that it has voted in, and count as a copy of entries that it has acknowledged and lost.
  ///
  /// @throws RaftStorageException if the directory's identity is damaged
  public static boolean hasState(Path directory) throws IOException {
    return StateDirectory.isMade(directory)
        && Files.exists(StateDirectory.read(directory).metadata());
  }

  /// How often connections to all other members were made anew because nobody led.
  long reconnections() {
    MemberWatch looking = watch;
    return looking == null ? 0 : looking.reconnections();
  }

  /// Votes made durable so far.
  long durableVotes() {
    VoteDurability known = votes;
    return known == null ? 0 : known.syncs();
  }

  /// Receipts of the leader's snapshots made durable so far.
  long durableReceipts() {
    return machine.durableReceipts();
  }

  /// Stops: proposals without an outcome fail, leadership is lost, files are closed. Hand over
  /// leadership first to spare the group an election.
  @Override
  public void close() {
    closed = true;
    MemberWatch looking = watch;
    if (looking != null) {
      looking.close();
    }
    commit.close("the manager is stopping");
    RaftServer running = server;
    try {
      if (running != null) {
        running.close();
      }
    } catch (IOException e) {
      LOG.warn("Raft did not close cleanly; the log is safe", e);
    }
    VoteDurability durability = votes;
    if (durability != null) {
      durability.close();
    }
    TermService asking = terms;
    if (asking != null) {
      asking.close();
    }
    leadership.close();
    completions.shutdown();
  }

  private long deadline() {
    return nanoTime.getAsLong() + config.timing().proposal().toNanos();
  }

  private Readiness readiness() {
    RaftServer.Division running = division;
    if (running == null || closed || failed) {
      return Readiness.NOT_LEADER;
    }
    DivisionInfo info = running.getInfo();
    if (!info.isLeader()) {
      return Readiness.NOT_LEADER;
    }
    return info.isLeaderReady() ? Readiness.READY : Readiness.SOON;
  }

  private ReadRounds.@Nullable Leading leading() {
    RaftServer.Division running = division;
    if (running == null) {
      return null;
    }
    long term = term();
    RaftConfiguration configuration = running.getRaftConf();
    if (readiness() != Readiness.READY || term() != term) {
      return null;
    }
    List<Set<RaftMember>> voters =
        Stream.of(configuration.getCurrentPeers(), configuration.getPreviousPeers())
            .filter(peers -> !peers.isEmpty())
            .map(peers -> peers.stream().map(Membership::member).collect(Collectors.toSet()))
            .toList();
    return new ReadRounds.Leading(term, config.self().id(), voters);
  }

  private CompletableFuture<Long> term(RaftMember member) {
    return Objects.requireNonNull(terms, "started").term(member);
  }

  private boolean leads(long term) {
    RaftServer.Division running = division;
    return running != null
        && !closed
        && running.getInfo().isAlive()
        && running.getInfo().isLeader()
        && running.getInfo().getCurrentTerm() == term;
  }

  private RaftException notLeader() {
    String hint = leader().filter(id -> !id.equals(config.self().id())).orElse(null);
    return new RaftException.NotLeader(hint);
  }

  private void wakeWatch() {
    MemberWatch looking = watch;
    if (looking != null) {
      looking.wake();
    }
  }

  private void complete(Runnable task) {
    try {
      completions.execute(task);
    } catch (RejectedExecutionException closing) {
      task.run();
    }
  }

  private void fail(Throwable cause) {
    if (!failed && !closed) {
      failed = true;
      LOG.error("this manager stops serving", cause);
      commit.close("this manager failed: " + cause.getMessage());
      leadership.failed(cause);
    }
  }

  private IOException startFailure(Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RaftStorageException || cause instanceof SealException) {
        return (IOException) cause;
      }
      if (cause instanceof ExitUtils.ExitException) {
        return new IOException(
            "cannot listen on "
                + config.listenHost()
                + ":"
                + config.self().port()
                + ": "
                + (cause.getCause() == null ? cause.getMessage() : cause.getCause().getMessage()),
            failure);
      }
    }
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return new IOException(
        "cannot start Raft in " + config.directory() + ": " + (cause == null ? failure : cause),
        failure);
  }

  /// Ratis ends the whole process when a port is taken or one of its threads dies.
  private static void keepProcessAlive() {
    Thread.UncaughtExceptionHandler ours = Thread.getDefaultUncaughtExceptionHandler();
    ExitUtils.disableSystemExit();
    ExitUtils.setTerminateOnUncaughtException(false);
    Thread.setDefaultUncaughtExceptionHandler(ours);
  }

  /// Hands entries to Ratis, in this process and on the calling thread.
  private final class EntryLog implements GroupCommit.Log {
    @Override
    public Readiness readiness() {
      return RaftNode.this.readiness();
    }

    @Override
    public void append(Batch batch) {
      RaftServer.Division running = division;
      if (running == null) {
        commit.finished(batch, notLeader());
        return;
      }
      RaftClientRequest request =
          RaftClientRequest.newBuilder()
              .setClientId(client)
              .setServerId(self)
              .setGroupId(running.getMemberId().getGroupId())
              .setCallId(callIds.incrementAndGet())
              .setMessage(batch)
              .setType(RaftClientRequest.writeRequestType())
              .build();
      try {
        // The server's own method would hop to another thread and could change the order.
        var _ =
            ((RaftClientAsynchronousProtocol) running)
                .submitClientRequestAsync(request)
                .whenCompleteAsync(
                    (reply, failure) -> commit.finished(batch, failure(reply, failure)),
                    RaftNode.this::complete);
      } catch (IOException | RuntimeException e) {
        commit.finished(batch, e);
      }
    }

    private @Nullable Throwable failure(@Nullable RaftClientReply reply, @Nullable Throwable e) {
      if (reply == null) {
        return e;
      }
      if (reply.isSuccess()) {
        return null;
      }
      return reply.getException() instanceof NotLeaderException
          ? notLeader()
          : reply.getException();
    }
  }

  /// Passes on what the state machine hears.
  private final class Notices implements SealedStateMachine.Events {
    @Override
    public void applied(Batch batch, long index, List<?> results) {
      commit.applied(batch, index, results);
    }

    @Override
    public void leaderReady(long term) {
      leadership.ready(term);
      wakeWatch();
    }

    @Override
    public void notLeader() {
      leadership.lost();
      wakeWatch();
    }

    @Override
    public void leaderChanged(String leader) {
      leadership.leader(leader);
    }

    @Override
    public void configured(long index, List<RaftMember> members) {
      leadership.members(index, members);
      TermService asking = terms;
      if (asking != null) {
        asking.retain(members);
      }
    }

    @Override
    public void removed() {
      leadership.removed();
    }

    @Override
    public void failed(Throwable cause) {
      fail(cause);
    }

    @Override
    public void snapshotted(long index) {
      RaftServer.Division running = division;
      if (running != null) {
        // A failure only leaves entries behind that the next purge takes.
        var _ = running.getRaftLog().purge(index);
      }
    }
  }
}
