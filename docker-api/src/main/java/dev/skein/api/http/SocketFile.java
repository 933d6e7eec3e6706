package dev.skein.api.http;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// The control socket's place in the file system: who may connect is who may open it.
///
/// The socket is bound in a private directory beside its place, given its mode, and then renamed,
/// so that no one can connect before the mode is set, and a stale socket is replaced in one step.
/// Not thread-safe.
final class SocketFile implements AutoCloseable {
  /// What fits in the kernel's `sockaddr_un` with its closing zero.
  private static final int MAX_PATH_BYTES = 107;

  private static final String STAGING_PREFIX = ".";

  private final Path path;
  private final Path staging;
  private final boolean root;
  private Object inode = "none";

  /// @throws IOException when something answers on the path already, when what is there is no
  ///     socket, or the path is too long for one
  SocketFile(Path socket) throws IOException {
    path = socket.toAbsolutePath();
    root = Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    var parent = path.getParent();
    if (parent == null) {
      throw new IOException("not a path for a socket: " + path);
    }
    createParents(parent);
    refuseUnlessStale();
    staging = Files.createTempDirectory(parent, STAGING_PREFIX, mode("rwx------"));
    if (bindPath().toString().length() > MAX_PATH_BYTES) {
      Files.delete(staging);
      throw new IOException(
          "the socket's path is too long: "
              + path
              + " (give one about "
              + (bindPath().toString().length() - MAX_PATH_BYTES)
              + " characters shorter)");
    }
  }

  private void createParents(Path parent) throws IOException {
    if (!Files.isDirectory(parent)) {
      try {
        Files.createDirectories(parent, mode(root ? "rwxr-xr-x" : "rwx------"));
      } catch (FileAlreadyExistsException e) {
        throw new IOException("the socket's directory is a file: " + parent, e);
      }
    }
  }

  private static FileAttribute<Set<PosixFilePermission>> mode(String mode) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode));
  }

  private void refuseUnlessStale() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    // Of the kinds of file Java knows, a socket is "other".
    var attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isOther()) {
      throw new IOException(path + " exists and is no socket: remove it or choose another path");
    }
    try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException e) {
      return; // Nobody is there.
    }
    throw new IOException("another daemon answers on " + path + ": stop it or choose another path");
  }

  /// Where to bind.
  Path bindPath() {
    return staging.resolve("s");
  }

  /// Moves the bound socket to its place with its mode: 0660 for root, else 0600.
  void publish() throws IOException {
    Files.setPosixFilePermissions(
        bindPath(), PosixFilePermissions.fromString(root ? "rw-rw----" : "rw-------"));
    inode = Files.getAttribute(bindPath(), "unix:ino");
    Files.move(
        bindPath(), path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.delete(staging);
  }

  /// Removes the socket, unless another daemon has put its own there.
  @Override
  public void close() throws IOException {
    Files.deleteIfExists(bindPath());
    Files.deleteIfExists(staging);
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        && Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS).equals(inode)) {
      Files.delete(path);
    }
  }
}
