package dev.skein.state.ratis;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/// What is replicated, as Raft sees it.
///
/// All methods run on one thread at a time, in log order, and see strictly increasing indices
/// (gaps are possible: a restore skips entries). An exception from any of them stops the node: a
/// replica that could not apply an entry must not go on.
public interface ReplicatedMachine {
  /// Applies the records of one log entry, in order. Must be deterministic: no clock, no random.
  ///
  /// @param index the entry's Raft index, the same for all its records
  /// @param records at least one
  /// @return one result for each record, handed to the proposer on the leader and dropped elsewhere
  List<?> apply(long index, List<byte[]> records);

  /// An entry without records (a configuration, a new leader's first entry, a read barrier): only
  /// the index advances.
  void advance(long index);

  /// Captures the state at the last index given to `apply`, `advance` or `restore`. Must be quick:
  /// applying waits for it.
  MachineSnapshot snapshot();

  /// Entries between snapshots as the state itself has it; 0 leaves it to [RaftConfig].
  default int snapshotEntries() {
    return 0;
  }

  /// Replaces the whole state, at start or when the leader sends its snapshot.
  ///
  /// @param index the state's Raft index
  /// @param in what [MachineSnapshot#writeTo] wrote; the caller checks that it is read to its end
  /// @throws IOException if it cannot be understood; the node then refuses to serve
  void restore(long index, InputStream in) throws IOException;
}
