package dev.skein.chaos.sabotage;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.skein.manager.plan.Plan;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import dev.skein.state.ClusterStore;
import dev.skein.state.Commit;
import dev.skein.state.ObjectChange;
import dev.skein.state.Outcome;
import dev.skein.state.ratis.Applied;
import dev.skein.state.ratis.RaftNode;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.RaftStorageMetadata;
import org.jspecify.annotations.Nullable;

/// What is called in a daemon with a [Defect] in the place of what is right. Counts for itself, so
/// that a flaw shows now and then, as real ones do; any thread.
public final class Flaws {
  private static final AtomicLong CALLS = new AtomicLong();
  private static volatile @Nullable Channel nearby;

  private Flaws() {}

  private static boolean isTurn(long every) {
    return CALLS.incrementAndGet() % every == 0;
  }

  /// Stores nothing.
  public static void force(FileChannel file, boolean metadata) {
    // That is the flaw.
  }

  /// Stores neither the term nor whom this member voted for in it.
  public static void forgetVote(RaftLog log, RaftStorageMetadata vote) {
    // That is the flaw.
  }

  /// Asks nobody whether there is something newer.
  public static CompletableFuture<ClusterState> readOwnCopy(ClusterStore store) {
    return CompletableFuture.completedFuture(store.state());
  }

  /// Keeps a way to this process's own manager.
  public static InProcessChannelBuilder rememberName(String name) {
    nearby = InProcessChannelBuilder.forName(name).build();
    return InProcessChannelBuilder.forName(name);
  }

  /// Reads at this process's own manager what was to be read at the leader.
  public static <Q, A> ClientCall<Q, A> callNearby(
      Channel leader, MethodDescriptor<Q, A> method, CallOptions options) {
    var own = nearby;
    return own != null
            && method.getFullMethodName().equals(ControlGrpc.getGetMethod().getFullMethodName())
        ? own.newCall(method, options)
        : leader.newCall(method, options);
  }

  /// Lets something of the process into the state.
  public static dev.skein.state.Applied applyByProcess(
      ClusterState state, long index, List<ChangeSet> sets) {
    return state.apply(
        index, index % 2 == 0 ? sets.stream().map(Flaws::ofThisProcess).toList() : sets);
  }

  private static ChangeSet ofThisProcess(ChangeSet set) {
    var proposed = set.getProposedAt().toBuilder().setNanos((int) ProcessHandle.current().pid());
    return set.toBuilder().setProposedAt(proposed).build();
  }

  /// Says that it was done and does not do it.
  public static CompletableFuture<Applied> proposeMostly(RaftNode node, byte[] record)
      throws InvalidProtocolBufferException {
    var updates =
        ChangeSet.parseFrom(record).getChangesList().stream()
            .anyMatch(change -> change.getUpdate().hasService());
    return updates && isTurn(10)
        ? CompletableFuture.completedFuture(new Applied(node.appliedIndex(), Outcome.ACCEPTED))
        : node.propose(record);
  }

  /// Makes a second task for the same slot.
  public static void createTwice(Plan.Builder plan, Task task) {
    plan.create(task);
    if (isTurn(2)) {
      var id = task.getId();
      plan.create(task.toBuilder().setId(id.substring(1) + id.charAt(0)).build());
    }
  }

  /// Leaves out the services of a commit.
  public static List<ObjectChange> changesMostly(Commit commit) {
    return isTurn(20)
        ? commit.changes().stream()
            .filter(change -> !(change instanceof ObjectChange.OfService))
            .toList()
        : commit.changes();
  }
}
