package dev.skein.cli.daemon;

import com.google.protobuf.TextFormat;
import dev.skein.proto.v1.NodeRecord;
import dev.skein.state.seal.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What one daemon keeps on disk, all under one directory that only its user can read.
///
/// `node.txt` says what the node is, and is written last when it joins and removed first when it
/// leaves: whatever else stands here without it is of an attempt that was cut off.
record DaemonFiles(Path root) {

  private static final int FORMAT = 1;

  Path lock() {
    return root.resolve("daemon.lock");
  }

  Path record() {
    return root.resolve("node.txt");
  }

  Path identity() {
    return root.resolve("identity.pem");
  }

  Path raft() {
    return root.resolve("raft");
  }

  /// The data keys, wrapped.
  Path keys() {
    return root.resolve("data-keys");
  }

  /// The key that wraps them.
  Path wrappingKey() {
    return root.resolve("wrapping.key");
  }

  Path worker() {
    return root.resolve("worker");
  }

  /// What this node is a member of; empty if of nothing.
  ///
  /// @throws IOException if it cannot be read, or was written by a newer program
  Optional<NodeRecord> readRecord() throws IOException {
    if (!Files.exists(record())) {
      return Optional.empty();
    }
    try {
      var builder = NodeRecord.newBuilder();
      TextFormat.Parser.newBuilder()
          .setAllowUnknownFields(true)
          .build()
          .merge(Files.readString(record()), builder);
      if (builder.getFormat() != FORMAT) {
        throw new IOException(
            "%s has format %d, this program knows format %d: use the program that wrote it"
                .formatted(record(), builder.getFormat(), FORMAT));
      }
      return Optional.of(builder.build());
    } catch (TextFormat.ParseException e) {
      throw new IOException(record() + " is damaged: " + e.getMessage(), e);
    }
  }

  void writeRecord(NodeRecord record) throws IOException {
    var text = TextFormat.printer().printToString(record.toBuilder().setFormat(FORMAT).build());
    DurableFile.write(record(), text.getBytes(StandardCharsets.UTF_8));
  }

  /// Forgets all membership, the record first.
  void forget() throws IOException {
    Files.deleteIfExists(record());
    DurableFile.syncDirectory(root);
    for (var path : List.of(identity(), keys(), wrappingKey())) {
      Files.deleteIfExists(path);
    }
    DirectoryTree.delete(worker());
    forgetRaft();
  }

  /// Forgets the replicated state: this node is no manager (any more).
  void forgetRaft() throws IOException {
    DirectoryTree.delete(raft());
    DurableFile.syncDirectory(root);
  }
}
