package dev.skein.state.ratis;

import dev.skein.state.seal.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// A member's directory and who it belongs to.
///
/// `identity` is text, `name=value` a line: format, cluster, member, and the first members of the
/// group. These are kept because a crash before the first configuration entry would otherwise lose
/// them. Ratis' own storage is under `raft/`.
///
/// @param root the directory
/// @param clusterId the cluster it belongs to
/// @param memberId the member it belongs to
/// @param bootstrap the first members, empty if this member was added later
record StateDirectory(Path root, String clusterId, String memberId, List<RaftMember> bootstrap) {
  private static final int FORMAT = 1;
  private static final String IDENTITY = "identity";
  private static final String MEMBER_PREFIX = "bootstrap.";

  /// Opens a member's directory, or makes it.
  ///
  /// @throws RaftStorageException if it belongs to another cluster or member, or is newer
  static StateDirectory open(RaftConfig config) throws IOException {
    Path root = config.directory();
    DurableFile.createDirectories(root);
    if (isMade(root)) {
      StateDirectory found = read(root);
      found.check("cluster", config.clusterId(), found.clusterId);
      found.check("member", config.self().id(), found.memberId);
      return found;
    }
    if (Files.exists(root.resolve("raft"))) {
      throw new RaftStorageException(
          root.resolve(IDENTITY), "is missing although there is a log beside it", null);
    }
    StateDirectory made =
        new StateDirectory(root, config.clusterId(), config.self().id(), config.bootstrap());
    made.write();
    return made;
  }

  /// Whether it says whose it is.
  static boolean isMade(Path root) {
    return Files.exists(root.resolve(IDENTITY));
  }

  /// Reads an existing directory's identity.
  static StateDirectory read(Path root) throws IOException {
    Path file = root.resolve(IDENTITY);
    if (!Files.exists(file)) {
      throw new RaftStorageException(file, "does not exist: no manager's state is here", null);
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      int equals = line.indexOf('=');
      if (equals < 1) {
        throw new RaftStorageException(file, "has a line that is not name=value", null);
      }
      values.put(line.substring(0, equals), line.substring(equals + 1));
    }
    String format = require(file, values, "format");
    if (!format.equals(Integer.toString(FORMAT))) {
      throw new RaftStorageException(
          file,
          "has format " + format + ", not " + FORMAT + "; use the program that wrote it",
          null);
    }
    List<RaftMember> bootstrap = new ArrayList<>();
    values.forEach(
        (name, value) -> {
          if (name.startsWith(MEMBER_PREFIX)) {
            bootstrap.add(RaftMember.parse(name.substring(MEMBER_PREFIX.length()), value));
          }
        });
    return new StateDirectory(
        root, require(file, values, "cluster"), require(file, values, "member"), bootstrap);
  }

  /// The Raft group, the same for all members of a cluster.
  UUID groupId() {
    return UUID.nameUUIDFromBytes(("skein:" + clusterId).getBytes(StandardCharsets.UTF_8));
  }

  Path raft() {
    return root.resolve("raft");
  }

  Path removed() {
    return root.resolve("removed");
  }

  /// Where Ratis keeps this group.
  Path group() {
    return raft().resolve(groupId().toString());
  }

  /// Log segments and metadata.
  Path current() {
    return group().resolve("current");
  }

  /// Term and vote; Ratis makes the file with the directory.
  Path metadata() {
    return current().resolve("raft-meta");
  }

  /// Snapshots.
  Path snapshots() {
    return group().resolve("sm");
  }

  private void write() throws IOException {
    StringBuilder text = new StringBuilder("format=").append(FORMAT).append('\n');
    text.append("cluster=").append(clusterId).append('\n');
    text.append("member=").append(memberId).append('\n');
    for (RaftMember member : bootstrap) {
      text.append(MEMBER_PREFIX).append(member.id()).append('=');
      text.append(member.address()).append('\n');
    }
    DurableFile.write(root.resolve(IDENTITY), text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private void check(String what, String wanted, String found) throws RaftStorageException {
    if (!wanted.equals(found)) {
      throw new RaftStorageException(
          root.resolve(IDENTITY),
          "belongs to " + what + " " + found + ", not " + wanted + "; use another directory",
          null);
    }
  }

  private static String require(Path file, Map<String, String> values, String name)
      throws RaftStorageException {
    String value = values.get(name);
    if (value == null) {
      throw new RaftStorageException(file, "does not tell its " + name, null);
    }
    return value;
  }
}
