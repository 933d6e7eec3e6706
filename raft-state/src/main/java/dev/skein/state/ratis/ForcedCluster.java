package dev.skein.state.ratis;

import dev.skein.state.seal.DurableFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;

/// Recovery from a lost quorum: makes a stopped member the only one, keeping its data.
final class ForcedCluster {
  private ForcedCluster() {}

  /// Rewrites Ratis' configuration file at an index above any configuration in the log, so that it
  /// wins over those. Entries that had no quorum yet become committed.
  static void rewrite(Path root, RaftMember self) throws IOException {
    StateDirectory directory = StateDirectory.read(root);
    if (!directory.memberId().equals(self.id())) {
      throw new RaftStorageException(
          root, "belongs to member " + directory.memberId() + ", not " + self.id(), null);
    }
    Path lockFile = directory.group().resolve("in_use.lock");
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        throw new RaftStorageException(root, "is in use; stop that manager first", null);
      }
      LogInspection.Contents contents = LogInspection.check(directory);
      long index = Math.max(contents.lastIndex(), contents.configurationIndex() + 1);
      LogEntryProto configuration =
          LogEntryProto.newBuilder()
              .setTerm(contents.lastTerm())
              .setIndex(index)
              .setConfigurationEntry(
                  RaftConfigurationProto.newBuilder()
                      .addPeers(
                          RaftPeerProto.newBuilder()
                              .setId(ByteString.copyFromUtf8(self.id()))
                              .setAddress(self.address())))
              .build();
      DurableFile.write(directory.current().resolve("raft-meta.conf"), configuration.toByteArray());
    } catch (OverlappingFileLockException e) {
      throw new RaftStorageException(root, "is in use; stop that manager first", e);
    }
  }
}
