package dev.skein.state;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.skein.proto.v1.Object;
import dev.skein.proto.v1.SnapshotHeader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A state as a stream: a [SnapshotHeader], then every object, each preceded by its length; sorted,
/// so that equal states are equal bytes. It detects truncation and foreign formats; that nobody
/// changed a byte is for the seal around it to prove.
public final class SnapshotCodec {
  /// The format that is written, and the newest that is read.
  public static final int FORMAT = 1;

  private static final int BUFFER_BYTES = 64 << 10;

  private static final ExtensionRegistryLite EXTENSIONS = ExtensionRegistryLite.getEmptyRegistry();

  private SnapshotCodec() {}

  /// Writes the state. Leaves the stream open.
  public static void write(ClusterState state, OutputStream out) throws IOException {
    var coded = coded(out);
    var cluster = state.cluster();
    coded.writeMessageNoTag(
        SnapshotHeader.newBuilder()
            .setFormat(FORMAT)
            .setIndex(state.index())
            .setClusterId(cluster == null ? "" : cluster.getId())
            .setObjectCount(
                (cluster == null ? 0 : 1)
                    + state.nodes().size()
                    + state.services().size()
                    + (long) state.tasks().size())
            .build());
    writeObjects(state, coded);
    coded.flush();
  }

  /// Reads a state to the stream's end. Leaves the stream open.
  ///
  /// @throws SnapshotException when it is truncated, too long, of a newer format, or not a snapshot
  /// @throws IOException when reading the stream fails
  public static ClusterState read(InputStream in) throws IOException {
    var coded = CodedInputStream.newInstance(in, BUFFER_BYTES);
    try {
      var header = coded.readMessage(SnapshotHeader.parser(), EXTENSIONS);
      if (header.getFormat() < 1 || header.getFormat() > FORMAT) {
        throw new SnapshotException(
            "the snapshot has format %d, this version reads up to %d: run the version that wrote it"
                .formatted(header.getFormat(), FORMAT));
      }
      var editor = new StateEditor(ClusterState.empty(), header.getIndex());
      var canonical = new Canonical();
      for (var i = 0L; i < header.getObjectCount(); i++) {
        coded.resetSizeCounter();
        editor.load(coded.readMessage(Object.parser(), EXTENSIONS), canonical);
      }
      if (!coded.isAtEnd()) {
        throw new SnapshotException(
            "the snapshot goes on after the %d objects that its header announces"
                .formatted(header.getObjectCount()));
      }
      return editor.toState();
    } catch (InvalidProtocolBufferException malformed) {
      throw new SnapshotException(
          "the snapshot is truncated or damaged: " + malformed.getMessage());
    }
  }

  /// The SHA-256 of a state's objects, in hexadecimal: two managers at the same index have the
  /// same. Walks the whole state.
  public static String digest(ClusterState state) {
    try {
      var sha256 = MessageDigest.getInstance("SHA-256");
      var coded = coded(new DigestOutputStream(OutputStream.nullOutputStream(), sha256));
      writeObjects(state, coded);
      coded.flush();
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static CodedOutputStream coded(OutputStream out) {
    var coded = CodedOutputStream.newInstance(out, BUFFER_BYTES);
    // Maps in the order of their keys: the bytes must not depend on how a state came about.
    coded.useDeterministicSerialization();
    return coded;
  }

  private static void writeObjects(ClusterState state, CodedOutputStream out) throws IOException {
    var cluster = state.cluster();
    if (cluster != null) {
      out.writeMessageNoTag(Object.newBuilder().setCluster(cluster).build());
    }
    for (var node : state.nodes().values()) {
      out.writeMessageNoTag(Object.newBuilder().setNode(node).build());
    }
    for (var service : state.services().values()) {
      out.writeMessageNoTag(Object.newBuilder().setService(service).build());
    }
    for (var task : state.tasks().values()) {
      out.writeMessageNoTag(Object.newBuilder().setTask(task).build());
    }
  }
}
