package dev.skein.state.ratis;

import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.util.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks 20 times a second at what Ratis does not tell: that it stopped by itself, that the disk
/// hangs below the leader, that there has been no leader for long; and has waiting proposals sent
/// or given up.
///
/// A thread of its own from [#start] on until it is closed or the member has stopped.
final class MemberWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MemberWatch.class);

  private final RaftServer server;
  private final RaftServer.Division division;
  private final Membership membership;
  private final Leadership leadership;
  private final GroupCommit commit;
  private final Duration handOver;
  private final LongSupplier nanoTime;
  private final Consumer<Throwable> failed;
  private final StorageWatch storage = new StorageWatch(RaftLimits.STORAGE_HANG.toNanos());
  private final Thread thread;

  private long lastLeaderNanos;
  private long lastAliveNanos;
  private volatile boolean closed;

  /// @param handOver how long a handing over of the leadership may take
  /// @param failed told once if Raft stopped by itself
  MemberWatch(
      RaftServer server,
      RaftServer.Division division,
      Membership membership,
      Leadership leadership,
      GroupCommit commit,
      Duration handOver,
      LongSupplier nanoTime,
      Consumer<Throwable> failed) {
    this.server = server;
    this.division = division;
    this.membership = membership;
    this.leadership = leadership;
    this.commit = commit;
    this.handOver = handOver;
    this.nanoTime = nanoTime;
    this.failed = failed;
    this.thread =
        Thread.ofPlatform().daemon().name("raft-watch-" + server.getId()).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// Has it look now.
  void wake() {
    LockSupport.unpark(thread);
  }

  @Override
  public void close() {
    closed = true;
    wake();
  }

  private void run() {
    lastLeaderNanos = nanoTime.getAsLong();
    lastAliveNanos = lastLeaderNanos;
    do {
      LockSupport.parkNanos(RaftLimits.WATCH_INTERVAL.toNanos());
      commit.expire(nanoTime.getAsLong());
      commit.drain();
    } while (!closed && look(nanoTime.getAsLong()));
  }

  /// @return whether there is more to look at
  private boolean look(long now) {
    leadership.check();
    if (!division.getInfo().isAlive() && server.getLifeCycleState() == LifeCycle.State.RUNNING) {
      return stopped(now);
    }
    lastAliveNanos = now;
    RaftLog log = division.getRaftLog();
    if (storage.hangs(log.getFlushIndex(), log.getNextIndex() - 1, now)
        && division.getInfo().isLeader()) {
      giveUpLeadership(log.getFlushIndex());
    }
    if (division.getInfo().getLeaderId() != null) {
      lastLeaderNanos = now;
      return true;
    }
    leadership.leader(null);
    if (now - lastLeaderNanos > RaftLimits.NO_LEADER_RECONNECT.toNanos()) {
      lastLeaderNanos = now;
      reconnect();
    }
    return true;
  }

  /// A member that was removed stops too; it may hear a little later that it was.
  private boolean stopped(long now) {
    if (leadership.isRemoved()) {
      commit.close("this manager was removed from the cluster");
      return false;
    }
    if (now - lastAliveNanos > RaftLimits.REMOVAL_NOTICE.toNanos()) {
      failed.accept(
          new IllegalStateException("Raft stopped by itself; see its log for the reason"));
      return false;
    }
    return true;
  }

  /// Hands leadership to a member that has stored more than this one.
  private void giveUpLeadership(long stored) {
    String hang = RaftLimits.STORAGE_HANG.toSeconds() + " s";
    Optional<PeerStatus> successor =
        membership.peers().stream()
            .filter(peer -> peer.matchIndex() != null && peer.matchIndex() > stored)
            .max(Comparator.comparing(PeerStatus::matchIndex));
    if (successor.isEmpty()) {
      LOG.warn("the disk has stored nothing for {}, and no other manager has more", hang);
      return;
    }
    String id = successor.get().member().id();
    LOG.warn("the disk has stored nothing for {}: leadership goes to {}", hang, id);
    // What asks a server whose disk hangs may itself hang.
    Thread.ofVirtual()
        .name("raft-hand-over")
        .start(
            () -> {
              var _ =
                  membership
                      .transfer(id, handOver)
                      .exceptionally(
                          failure -> {
                            LOG.warn("handing over to {}: {}", id, failure.getMessage());
                            return null;
                          });
            });
  }

  /// Ends the growing waits between tries to reach the others, which would delay an election.
  private void reconnect() {
    IOException reason = new IOException("no leader for " + RaftLimits.NO_LEADER_RECONNECT);
    for (RaftPeer peer : division.getRaftConf().getAllPeers()) {
      if (!peer.getId().equals(server.getId())) {
        try {
          server.getServerRpc().handleException(peer.getId(), reason, true);
        } catch (RuntimeException e) {
          LOG.debug("cannot reconnect to {}", peer, e);
        }
      }
    }
  }
}
