package dev.skein.state.ratis;

import dev.skein.state.seal.DurableFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.ratis.grpc.server.GrpcServicesImpl;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.util.CodeInjectionForTesting;

/// Makes a vote durable before it counts.
///
/// Ratis writes term and vote by fsync and rename but does not fsync the directory, so a power cut
/// can bring an older vote back and let a member vote twice in a term. A vote counts when another
/// member hears of it, which is by one of two messages: the answer to a vote request
/// ([PeerServices] calls [#sync] before it leaves) and the candidate's own request (Ratis runs the
/// code injected at its sending point before it leaves). A member that is the only voter sends
/// neither, and has nobody to contradict. Works on every file system, unlike the `dirsync` inode
/// flag. Thread-safe.
final class VoteDurability implements AutoCloseable {
  // Ratis has one injection point a process, so the members of a process share this.
  private static final ConcurrentHashMap<RaftPeerId, Set<VoteDurability>> MEMBERS =
      new ConcurrentHashMap<>();

  static {
    CodeInjectionForTesting.put(
        GrpcServicesImpl.GRPC_SEND_SERVER_REQUEST,
        (localId, remoteId, args) -> {
          if (args.length > 0
              && args[0] instanceof RequestVoteRequestProto
              && localId instanceof RaftPeerId id) {
            MEMBERS.getOrDefault(id, Set.of()).forEach(VoteDurability::sync);
          }
          return true;
        });
  }

  private final RaftPeerId id;
  private final Path directory;
  private final Consumer<IOException> failure;
  private final AtomicLong syncs = new AtomicLong();

  /// @param directory where Ratis keeps its metadata file
  /// @param failure stops the node: a second fsync would succeed without having stored anything
  VoteDurability(RaftPeerId id, Path directory, Consumer<IOException> failure) {
    this.id = id;
    this.directory = directory;
    this.failure = failure;
    MEMBERS.computeIfAbsent(id, any -> ConcurrentHashMap.newKeySet()).add(this);
  }

  /// Fsyncs the directory; a vote that cannot be made durable must not leave.
  void sync() {
    if (!Files.isDirectory(directory)) {
      return; // Nothing was ever written, so there is no vote.
    }
    try {
      DurableFile.syncDirectory(directory);
      syncs.incrementAndGet();
    } catch (ClosedByInterruptException e) {
      // Ratis cancels its requests when it knows enough; the disk is well.
      throw new UncheckedIOException("cancelled: the vote is withheld", e);
    } catch (IOException e) {
      failure.accept(e);
      throw new UncheckedIOException("cannot fsync " + directory + ": the vote is withheld", e);
    }
  }

  /// How many votes were made durable.
  long syncs() {
    return syncs.get();
  }

  @Override
  public void close() {
    MEMBERS.computeIfPresent(
        id,
        (any, members) -> {
          members.remove(this);
          return members.isEmpty() ? null : members;
        });
  }
}
