package dev.skein.state;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.state.ratis.MachineSnapshot;
import dev.skein.state.ratis.ReplicatedMachine;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/// The cluster's state as Raft replicates it: a record is a [ChangeSet], its result an [Outcome].
/// Raft's thread applies; everything else may be called from any thread.
public final class ClusterMachine implements ReplicatedMachine {
  private final CommitFeed feed = new CommitFeed(ClusterState.empty(), Limits.WATCH_QUEUE);

  /// The latest state applied here.
  public ClusterState state() {
    return feed.state();
  }

  Watch watch(Runnable available) {
    return feed.watch(available);
  }

  @Override
  public List<Outcome> apply(long index, List<byte[]> records) {
    var sets = new ArrayList<ChangeSet>(records.size());
    for (var bytes : records) {
      sets.add(parsed(index, bytes));
    }
    var applied = feed.state().apply(index, sets);
    feed.publish(applied);
    return applied.outcomes();
  }

  private static ChangeSet parsed(long index, byte[] bytes) {
    try {
      return ChangeSet.parseFrom(bytes);
    } catch (InvalidProtocolBufferException malformed) {
      // Going on without it would make this manager's state differ from the others'.
      throw new IllegalStateException("log entry " + index + " is not a change set", malformed);
    }
  }

  @Override
  public void advance(long index) {
    var state = feed.state();
    if (index > state.index()) {
      feed.publish(state.apply(index, List.of()));
    }
  }

  @Override
  public MachineSnapshot snapshot() {
    var state = feed.state();
    return out -> SnapshotCodec.write(state, out);
  }

  @Override
  public int snapshotEntries() {
    var cluster = feed.state().cluster();
    return cluster == null
        ? 0
        : (int) Math.min(Integer.MAX_VALUE, cluster.getSpec().getRaft().getSnapshotInterval());
  }

  @Override
  public void restore(long index, InputStream in) throws IOException {
    var state = SnapshotCodec.read(in);
    if (state.index() > index) {
      throw new SnapshotException(
          "the snapshot for index %d holds a state of index %d".formatted(index, state.index()));
    }
    feed.replace(state.index() == index ? state : state.apply(index, List.of()).state());
  }
}
