package dev.skein.cli.train;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/// Stands in for a daemon: answers requests over a Unix socket from a function, and remembers them.
/// The training run of the start-up cache speaks to it, and so do the tests of the commands.
public final class CannedDaemon implements Closeable {
  private final Path socket;
  private final ServerSocketChannel listener;
  private final Function<Request, Answer> answers;
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  /// A request.
  ///
  /// @param method as sent
  /// @param target path and query, still encoded
  /// @param body the content, empty for none
  public record Request(String method, String target, String body) {
    /// Method and target in one: `GET /nodes`.
    public String line() {
      return method + " " + target;
    }
  }

  /// An answer.
  ///
  /// @param status HTTP status code
  /// @param type content type
  /// @param body sent in chunks of a few bytes when `chunked`
  @SuppressWarnings("ArrayRecordComponent") // Written once and never compared.
  public record Answer(int status, String type, byte[] body, boolean chunked) {
    /// JSON of a known length.
    public static Answer json(int status, String json) {
      return new Answer(status, "application/json", json.getBytes(StandardCharsets.UTF_8), false);
    }

    /// A stream in chunks.
    public static Answer stream(String type, byte[] body) {
      return new Answer(200, type, body, true);
    }
  }

  /// Listens.
  ///
  /// @param answers called by one thread per connection
  public CannedDaemon(Path socket, Function<Request, Answer> answers) throws IOException {
    this.socket = socket;
    this.answers = answers;
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofPlatform().daemon().name("canned-daemon").start(this::accept);
  }

  /// What was asked so far, in order.
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = listener.accept();
        Thread.ofPlatform().daemon().start(() -> serve(channel));
      }
    } catch (IOException closed) {
      // The end of this server.
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
      OutputStream out = Channels.newOutputStream(channel);
      for (String line = line(in); !line.isEmpty(); line = line(in)) {
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
          if (header.startsWith("Content-Length: ")) {
            length = Integer.parseInt(header.substring("Content-Length: ".length()));
          }
        }
        String[] words = line.split(" ", -1);
        Request request =
            new Request(
                words[0], words[1], new String(in.readNBytes(length), StandardCharsets.UTF_8));
        requests.add(request);
        write(answers.apply(request), out);
      }
    } catch (IOException gone) {
      // The client has gone.
    }
  }

  private static void write(Answer answer, OutputStream out) throws IOException {
    String head =
        "HTTP/1.1 "
            + answer.status()
            + " Status\r\nContent-Type: "
            + answer.type()
            + (answer.chunked()
                ? "\r\nTransfer-Encoding: chunked\r\n\r\n"
                : "\r\nContent-Length: " + answer.body().length + "\r\n\r\n");
    out.write(head.getBytes(StandardCharsets.ISO_8859_1));
    if (!answer.chunked()) {
      out.write(answer.body());
      return;
    }
    int step = 7;
    for (int at = 0; at < answer.body().length; at += step) {
      int size = Math.min(step, answer.body().length - at);
      out.write((Integer.toHexString(size) + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      out.write(answer.body(), at, size);
      out.write("\r\n".getBytes(StandardCharsets.ISO_8859_1));
    }
    out.write("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    Files.deleteIfExists(socket);
  }
}
