package dev.skein.manager.member;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.ManagerStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.Object;
import dev.skein.state.ClusterStore;
import dev.skein.state.StoreException;
import dev.skein.state.StoreException.ConflictException;
import dev.skein.state.Times;
import dev.skein.state.ratis.RaftException;
import dev.skein.state.ratis.RaftMember;
import dev.skein.state.ratis.RaftNode;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Keeps the Raft group and what the state says of managers in step. Works on the leader only;
/// every step can be repeated, so that whatever a change of leader cut off is finished by the next.
public final class ManagerRoster {

  /// How often an update of a node that changed meanwhile is tried.
  private static final int ATTEMPTS_MAX = 10;

  private final ClusterStore store;
  private final RaftNode raft;
  private final InstantSource clock;
  private final Executor executor;

  /// Raft ids of the members that are being admitted just now.
  private final Set<String> arriving = ConcurrentHashMap.newKeySet();

  /// @param executor may block
  public ManagerRoster(ClusterStore store, RaftNode raft, InstantSource clock, Executor executor) {
    this.store = store;
    this.raft = raft;
    this.clock = clock;
    this.executor = executor;
  }

  /// Adds a node to the group and notes it. A node that comes back with an empty disk, under a new
  /// Raft id, takes the place of its former self.
  ///
  /// @param addr `host:port` of its RPCs
  public CompletableFuture<Void> admit(String nodeId, String addr, RaftMember member) {
    return run(
        () -> {
          arriving.add(member.id());
          try {
            add(nodeId, addr, member);
          } finally {
            arriving.remove(member.id());
          }
        });
  }

  private void add(String nodeId, String addr, RaftMember member) {
    var node = store.state().node(nodeId);
    var former = node == null ? "" : node.getManagerStatus().getRaftId();
    if (!former.isEmpty() && !former.equals(member.id())) {
      removeFromGroup(former);
    }
    if (!isMember(member.id())) {
      raft.addPeer(member).join();
    }
    update(
        nodeId,
        known ->
            known.toBuilder()
                .setManagerStatus(
                    ManagerStatus.newBuilder()
                        .setAddr(addr)
                        .setRaftAddr(member.address())
                        .setRaftId(member.id()))
                .build());
  }

  /// Takes a manager out of the group, and makes it a worker for good. If it is this node, another
  /// is made the leader first, and nothing else is done here.
  ///
  /// Fails with [StoreException.UnavailableException] when the rest would be no quorum.
  public CompletableFuture<Void> dismiss(String nodeId) {
    return run(
        () -> {
          var node = store.state().node(nodeId);
          if (node == null || !node.hasManagerStatus()) {
            return;
          }
          update(
              nodeId,
              known -> {
                var demoted = known.toBuilder();
                demoted.getSpecBuilder().setRole(NodeRole.NODE_ROLE_WORKER);
                return demoted.build();
              });
          remove(node);
        });
  }

  /// Carries out what users asked for: managers whose spec says worker leave the group. So do
  /// members that no node is noted for: an earlier leader fell while it admitted them, and they
  /// will ask again.
  ///
  /// @return whether there is nothing (more) to do
  boolean follow() {
    var stray = stray();
    if (stray != null) {
      removeFromGroup(stray);
      return false;
    }
    for (var node : store.state().nodes().values()) {
      if (node.hasManagerStatus() && node.getSpec().getRole() == NodeRole.NODE_ROLE_WORKER) {
        remove(node);
        return false;
      }
    }
    return true;
  }

  /// A member of the group that is no node's: a join was cut off between its two steps, and the
  /// node has come back under another id since, or will.
  private @Nullable String stray() {
    // In this order: a join that has ended by now has its node in the state that is read then.
    var members = raft.members();
    var underWay = Set.copyOf(arriving);
    var own = raft.leader().orElse("");
    var known = new HashSet<String>();
    store.state().nodes().values().forEach(node -> known.add(node.getManagerStatus().getRaftId()));
    for (var member : members) {
      var id = member.id();
      if (!known.contains(id) && !underWay.contains(id) && !id.equals(own)) {
        return id;
      }
    }
    return null;
  }

  private void remove(Node node) {
    var raftId = node.getManagerStatus().getRaftId();
    if (raftId.equals(raft.leader().orElse(""))) {
      handOver(raftId);
      return;
    }
    removeFromGroup(raftId);
    update(node.getId(), known -> known.toBuilder().clearManagerStatus().build());
  }

  private void handOver(String from) {
    var successor =
        raft.peers().stream()
            .filter(peer -> !peer.member().id().equals(from))
            .filter(peer -> Boolean.TRUE.equals(peer.reachable()))
            .findFirst()
            .orElseThrow(
                () ->
                    new StoreException.UnavailableException(
                        "no other manager can be reached that could lead", null));
    raft.transferLeadership(successor.member().id()).join();
  }

  /// Makes a manager the leader; done when it leads.
  ///
  /// Fails with [StoreException.UnavailableException] when it can't be reached or is too far
  /// behind.
  public CompletableFuture<Void> lead(String nodeId) {
    return run(
        () -> {
          var node = store.state().node(nodeId);
          var raftId = node == null ? "" : node.getManagerStatus().getRaftId();
          if (!raftId.equals(raft.leader().orElse(""))) {
            raft.transferLeadership(raftId).join();
          }
        });
  }

  private void removeFromGroup(String raftId) {
    if (isMember(raftId)) {
      raft.removePeer(raftId).join();
    }
  }

  private boolean isMember(String raftId) {
    return raft.members().stream().anyMatch(member -> member.id().equals(raftId));
  }

  private void update(String nodeId, UnaryOperator<Node> change) {
    for (var attempt = 1; ; attempt++) {
      var node = store.state().node(nodeId);
      if (node == null) {
        return;
      }
      var changed = change.apply(node);
      if (changed.equals(node)) {
        return;
      }
      try {
        store
            .propose(
                ChangeSet.newBuilder()
                    .setProposedAt(Times.timestamp(clock.instant()))
                    .addChanges(Change.newBuilder().setUpdate(Object.newBuilder().setNode(changed)))
                    .build())
            .join();
        return;
      } catch (CompletionException e) {
        if (!(e.getCause() instanceof ConflictException) || attempt == ATTEMPTS_MAX) {
          throw e;
        }
      }
    }
  }

  private CompletableFuture<Void> run(Runnable work) {
    return CompletableFuture.runAsync(work, executor).exceptionally(ManagerRoster::translate);
  }

  private static @Nullable Void translate(Throwable failure) {
    var cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    throw switch (cause) {
      case RaftException.NotLeader e -> new StoreException.NotLeaderException(e.leader());
      case RaftException e ->
          new StoreException.UnavailableException(String.valueOf(e.getMessage()), e);
      case RuntimeException e -> e;
      default -> new CompletionException(cause);
    };
  }
}
