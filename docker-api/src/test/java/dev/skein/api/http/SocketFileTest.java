package dev.skein.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketFileTest {
  @TempDir Path directory;

  private static ServerSocketChannel listen(Path path) throws IOException {
    return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(path));
  }

  private static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
  }

  private Path socket() {
    return directory.resolve("run").resolve("x.sock");
  }

  @Test
  void itAppearsWithItsModeAndGoesWithItsOwner() throws Exception {
    var file = new SocketFile(socket());
    try (var listener = listen(file.bindPath())) {
      assertThat(socket()).doesNotExist();
      file.publish();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
          .isEqualTo(isRoot() ? "rw-rw----" : "rw-------");
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(directory.resolve("run"))))
          .isEqualTo(isRoot() ? "rwxr-xr-x" : "rwx------");
      try (var client = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        assertThat(client.isConnected()).isTrue();
      }
      assertThat(listener.isOpen()).isTrue();
    }
    file.close();
    assertThat(directory.resolve("run")).isEmptyDirectory();
  }

  @Test
  void oneThatNobodyAnswersOnIsReplaced() throws Exception {
    Files.createDirectories(socket().resolveSibling("."));
    listen(socket()).close();
    assertThat(socket()).exists();
    try (var file = new SocketFile(socket());
        var listener = listen(file.bindPath())) {
      file.publish();
      try (var client = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        assertThat(client.isConnected()).isTrue();
      }
      assertThat(listener.isOpen()).isTrue();
    }
  }

  @Test
  void oneThatAnotherDaemonAnswersOnIsLeftAlone() throws Exception {
    Files.createDirectories(socket().resolveSibling("."));
    try (var other = listen(socket())) {
      assertThatThrownBy(() -> new SocketFile(socket()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another daemon answers on " + socket());
      assertThat(other.isOpen()).isTrue();
      assertThat(socket()).exists();
    }
  }

  @Test
  void whatIsNoSocketIsNeverReplaced() throws Exception {
    var file = Files.writeString(directory.resolve("precious"), "data");
    assertThatThrownBy(() -> new SocketFile(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is no socket");
    assertThat(file).hasContent("data");
    assertThatThrownBy(() -> new SocketFile(file.resolve("x.sock")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the socket's directory is a file");
  }

  @Test
  void aPathThatIsTooLongForASocketIsRefused() {
    assertThatThrownBy(() -> new SocketFile(directory.resolve("x".repeat(100)).resolve("y")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("too long");
  }

  @Test
  void theSocketOfASuccessorIsNotRemoved() throws Exception {
    var first = new SocketFile(socket());
    listen(first.bindPath()).close();
    first.publish();
    try (var second = new SocketFile(socket());
        var listener = listen(second.bindPath())) {
      second.publish();
      first.close();
      assertThat(socket()).exists();
      assertThat(listener.isOpen()).isTrue();
    }
  }
}
