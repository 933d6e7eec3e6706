package dev.skein.state.ratis;

import dev.skein.state.seal.Sealer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.function.CheckedConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ratis' state machine: seals entries on the leader, opens them on the others, feeds the
/// [ReplicatedMachine] and takes snapshots without holding it up.
///
/// Ratis calls the apply methods on its updater thread, one at a time, and the notifications on
/// threads that hold its locks; those only pass on to [Events], which must not block.
final class SealedStateMachine extends BaseStateMachine {
  /// What the node wants to know. Called on Ratis' threads.
  interface Events {
    void applied(Batch batch, long index, List<?> results);

    void leaderReady(long term);

    void notLeader();

    void leaderChanged(String leader);

    /// Who the members are, by the entry of that index.
    void configured(long index, List<RaftMember> members);

    void removed();

    void failed(Throwable cause);

    /// A snapshot is durable: the log up to it may go.
    void snapshotted(long index);
  }

  private static final Logger LOG = LoggerFactory.getLogger(SealedStateMachine.class);

  private final ReplicatedMachine machine;
  private final Sealer sealer;
  private final Events events;
  private final int snapshotEntries;
  private final SnapshotFiles files;
  private final ExecutorService snapshotWriter;
  private final AtomicBoolean writing = new AtomicBoolean();
  private final AtomicLong snapshotCalls = new AtomicLong();
  private final List<CompletableFuture<Long>> awaiting = new ArrayList<>();

  private volatile @Nullable SnapshotTakeover takeover;

  // Owned by Ratis' updater thread.
  private long entriesSinceSnapshot;
  private long bytesSinceSnapshot;
  private volatile long configurationTerm;

  SealedStateMachine(
      ReplicatedMachine machine, Sealer sealer, Events events, int snapshotEntries, String name) {
    this.machine = machine;
    this.sealer = sealer;
    this.events = events;
    this.snapshotEntries = snapshotEntries;
    this.files = new SnapshotFiles(sealer);
    this.snapshotWriter =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("raft-snapshot-" + name).factory());
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId group, RaftStorage storage)
      throws IOException {
    getLifeCycle()
        .startAndTransition(
            () -> {
              super.initialize(server, group, storage);
              takeover = new SnapshotTakeover(storage.getStorageDir().getRoot().toPath());
              files.init(storage);
              restore();
            },
            IOException.class);
  }

  // A snapshot from the leader has been received whole, and replaces the directory between pause
  // and reinitialize. Ratis leaves the division closed unless the life cycle goes through exactly
  // these states.
  @Override
  public void pause() {
    makeDurable(SnapshotTakeover::syncReceived);
    getLifeCycle().transition(LifeCycle.State.PAUSING);
    getLifeCycle().transition(LifeCycle.State.PAUSED);
  }

  @Override
  public void reinitialize() throws IOException {
    getLifeCycle().transition(LifeCycle.State.STARTING);
    try {
      restore();
    } catch (IOException | RuntimeException e) {
      events.failed(e);
      throw e;
    }
    getLifeCycle().transition(LifeCycle.State.RUNNING);
    LOG.info("took over the leader's snapshot, up to entry {}", getLastAppliedTermIndex());
  }

  /// Makes the takeover of the leader's snapshot durable, before the leader hears of it: from then
  /// on this member counts as one that has all of it.
  void syncReceipt() {
    makeDurable(SnapshotTakeover::syncReceipt);
  }

  /// How many receipts of the leader's snapshots were made durable.
  long durableReceipts() {
    SnapshotTakeover known = takeover;
    return known == null ? 0 : known.receipts();
  }

  // A failure stops the node, because a second fsync would succeed without having stored anything.
  private void makeDurable(CheckedConsumer<SnapshotTakeover, IOException> sync) {
    SnapshotTakeover known = takeover;
    if (known == null) {
      return; // Not initialized, so nothing was received.
    }
    try {
      sync.accept(known);
    } catch (ClosedByInterruptException e) {
      throw new UncheckedIOException("cancelled: the leader's snapshot is not taken over", e);
    } catch (IOException e) {
      events.failed(e);
      throw new UncheckedIOException("cannot fsync the leader's snapshot", e);
    }
  }

  private void restore() throws IOException {
    TermIndex at = files.restore(machine);
    if (at != null) {
      setLastAppliedTermIndex(at);
    }
    entriesSinceSnapshot = 0;
    bytesSinceSnapshot = 0;
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return files;
  }

  @Override
  public @Nullable SnapshotInfo getLatestSnapshot() {
    return files.getLatestSnapshot();
  }

  @Override
  public TransactionContext startTransaction(RaftClientRequest request) {
    TransactionContext.Builder context =
        TransactionContext.newBuilder().setStateMachine(this).setClientRequest(request);
    if (!(request.getMessage() instanceof Batch batch)) {
      return context
          .setLogData(ByteString.EMPTY)
          .build()
          .setException(new IOException("only this process may propose"));
    }
    byte[] sealed = sealer.seal(Sealer.Kind.LOG_ENTRY, Batch.encode(batch.records()));
    return context
        .setLogData(UnsafeByteOperations.unsafeWrap(sealed))
        .setStateMachineContext(batch)
        .build();
  }

  @Override
  public TransactionContext preAppendTransaction(TransactionContext transaction) {
    if (transaction.getStateMachineContext() instanceof Batch batch) {
      batch.markAppended();
    }
    return transaction;
  }

  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    LogEntryProto entry = transaction.getLogEntry();
    long index = entry.getIndex();
    try {
      ByteString data = entry.getStateMachineLogEntry().getLogData();
      Batch own = transaction.getStateMachineContext() instanceof Batch batch ? batch : null;
      List<byte[]> records =
          own != null
              ? own.records()
              : Batch.decode(sealer.open(Sealer.Kind.LOG_ENTRY, data.toByteArray()));
      List<?> results = List.of();
      if (records.isEmpty()) {
        machine.advance(index);
      } else {
        results = machine.apply(index, records);
        if (results.size() != records.size()) {
          throw new IllegalStateException(
              results.size() + " results for " + records.size() + " records at entry " + index);
        }
      }
      updateLastAppliedTermIndex(entry.getTerm(), index);
      if (own != null) {
        events.applied(own, index, results);
      }
      bytesSinceSnapshot += data.size();
      entriesSinceSnapshot++;
      if (entriesSinceSnapshot >= snapshotEntries()
          || bytesSinceSnapshot >= RaftLimits.SNAPSHOT_LOG_BYTES) {
        capture();
      }
      return CompletableFuture.completedFuture(Message.EMPTY);
    } catch (IOException | RuntimeException | Error e) {
      // A replica that skipped an entry would differ from the others for ever.
      IllegalStateException failure =
          new IllegalStateException("cannot apply entry " + index + ": " + e.getMessage(), e);
      events.failed(failure);
      throw failure;
    }
  }

  private int snapshotEntries() {
    int asked = machine.snapshotEntries();
    return asked > 0 ? asked : snapshotEntries;
  }

  @Override
  public void notifyTermIndexUpdated(long term, long index) {
    machine.advance(index);
    updateLastAppliedTermIndex(term, index);
    entriesSinceSnapshot++;
  }

  @Override
  public void notifyConfigurationChanged(
      long term, long index, RaftConfigurationProto configuration) {
    configurationTerm = term;
    events.configured(
        index,
        configuration.getPeersList().stream()
            .map(peer -> RaftMember.parse(peer.getId().toStringUtf8(), peer.getAddress()))
            .toList());
  }

  @Override
  public void notifyLeaderReady() {
    // The new leader's first entry, a configuration, has just been applied.
    events.leaderReady(configurationTerm);
  }

  @Override
  public void notifyNotLeader(Collection<TransactionContext> pending) {
    events.notLeader();
  }

  @Override
  public void notifyLeaderChanged(RaftGroupMemberId self, RaftPeerId leader) {
    events.leaderChanged(leader.toString());
  }

  @Override
  public void notifyServerShutdown(RoleInfoProto role, boolean wholeServer) {
    // A removed member mostly misses the entry that removes it, and learns it from the others when
    // it asks for votes; Ratis then shuts down this group only.
    if (!wholeServer) {
      events.removed();
    }
  }

  @Override
  public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto entry) {
    events.failed(
        new IOException(
            "the log could not be stored"
                + (entry == null ? "" : " from entry " + entry.getIndex())
                + ": "
                + cause.getMessage()
                + "; check the disk, then start again",
            cause));
  }

  /// Called by Ratis on its updater thread, for [#awaitSnapshot] only.
  @Override
  public long takeSnapshot() {
    snapshotCalls.incrementAndGet();
    capture();
    SnapshotInfo latest = getLatestSnapshot();
    return latest == null ? -1 : latest.getIndex();
  }

  /// How often Ratis asked for a snapshot.
  long takeSnapshotCalls() {
    return snapshotCalls.get();
  }

  /// The index of the next snapshot that becomes durable.
  CompletableFuture<Long> awaitSnapshot() {
    CompletableFuture<Long> next = new CompletableFuture<>();
    synchronized (awaiting) {
      awaiting.add(next);
    }
    return next;
  }

  /// Ends all waiting for a snapshot, because the latest is as new as can be or none will come.
  void releaseAwaiting(@Nullable Throwable failure) {
    List<CompletableFuture<Long>> released;
    synchronized (awaiting) {
      released = List.copyOf(awaiting);
      awaiting.clear();
    }
    SnapshotInfo latest = getLatestSnapshot();
    for (CompletableFuture<Long> future : released) {
      if (failure == null) {
        future.complete(latest == null ? -1 : latest.getIndex());
      } else {
        future.completeExceptionally(failure);
      }
    }
  }

  private void capture() {
    if (!writing.compareAndSet(false, true)) {
      return; // The one being written is recent enough.
    }
    entriesSinceSnapshot = 0;
    bytesSinceSnapshot = 0;
    TermIndex at = getLastAppliedTermIndex();
    MachineSnapshot snapshot = machine.snapshot();
    try {
      snapshotWriter.execute(() -> write(at, snapshot));
    } catch (RejectedExecutionException closing) {
      writing.set(false);
    }
  }

  private void write(TermIndex at, MachineSnapshot snapshot) {
    Throwable failure = null;
    try {
      files.write(at, snapshot);
      events.snapshotted(at.getIndex());
    } catch (IOException | RuntimeException e) {
      // Nothing is lost: the log stays until a later snapshot succeeds.
      LOG.warn("cannot write the snapshot at entry {}; the next will be tried later", at, e);
      failure = e;
    } finally {
      writing.set(false);
    }
    releaseAwaiting(failure);
  }

  @Override
  public void close() throws IOException {
    snapshotWriter.shutdown();
    releaseAwaiting(new RaftException.Unavailable("the manager is stopping", false, null));
    super.close();
  }
}
