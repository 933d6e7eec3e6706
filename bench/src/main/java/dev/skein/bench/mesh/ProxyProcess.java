package dev.skein.bench.mesh;

import dev.skein.bench.RealTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A child process that listens, with the processor time that it has used.
@RealTime
final class ProxyProcess implements AutoCloseable {
  private static final long START_NANOS_MAX = 20_000_000_000L;

  /// `USER_HZ`, which Linux has fixed at 100 for what it shows in `/proc`.
  private static final double TICKS_PER_SECOND = 100;

  private final Process process;

  private ProxyProcess(Process process) {
    this.process = process;
  }

  static ProxyProcess start(List<String> command, int port)
      throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var started = new ProxyProcess(process);
    long deadline = System.nanoTime() + START_NANOS_MAX;
    while (!listens(port)) {
      if (System.nanoTime() - deadline > 0 || !process.isAlive()) {
        started.close();
        throw new IOException("nothing listens on port " + port + " after starting " + command);
      }
      Thread.sleep(20);
    }
    return started;
  }

  /// Processor seconds, user and system.
  double cpuSeconds() throws IOException {
    var stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    // The fields after the command's closing parenthesis; utime and stime are the 14th and 15th.
    var fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
    return (Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12))) / TICKS_PER_SECOND;
  }

  @Override
  public void close() {
    process.destroy();
  }

  private static boolean listens(int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
