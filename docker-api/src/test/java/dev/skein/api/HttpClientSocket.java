package dev.skein.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A client that writes bytes and reads HTTP/1.1, so that tests can send what no client would.
final class HttpClientSocket implements AutoCloseable {
  private final AutoCloseable connection;
  private final InputStream in;
  private final OutputStream out;

  /// @param headers by lower-case name
  record Answer(int status, Map<String, String> headers, ByteString bytes) {
    String body() {
      return bytes.toStringUtf8();
    }

    JsonElement json() {
      return JsonParser.parseString(body());
    }

    String message() {
      return json().getAsJsonObject().get("message").getAsString();
    }
  }

  private HttpClientSocket(AutoCloseable connection, InputStream in, OutputStream out) {
    this.connection = connection;
    this.in = in;
    this.out = out;
  }

  static HttpClientSocket unix(Path path) throws IOException {
    var channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
    return new HttpClientSocket(
        channel, Channels.newInputStream(channel), Channels.newOutputStream(channel));
  }

  static HttpClientSocket of(Socket socket) throws IOException {
    return new HttpClientSocket(socket, socket.getInputStream(), socket.getOutputStream());
  }

  void send(String text) throws IOException {
    out.write(text.getBytes(UTF_8));
    out.flush();
  }

  void send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  void sendRequest(String method, String uri, String body) throws IOException {
    send(
        method
            + " "
            + uri
            + " HTTP/1.1\r\nHost: skein\r\nContent-Length: "
            + body.getBytes(UTF_8).length
            + "\r\n\r\n"
            + body);
  }

  Answer request(String method, String uri, String body) throws IOException {
    sendRequest(method, uri, body);
    return read(method.equals("HEAD"));
  }

  Answer get(String uri) throws IOException {
    return request("GET", uri, "");
  }

  Answer read() throws IOException {
    return read(false);
  }

  private Answer read(boolean withoutBody) throws IOException {
    var status = status();
    var headers = headers();
    if (withoutBody || status == 100) {
      return new Answer(status, headers, ByteString.EMPTY);
    }
    if (headers.containsKey("transfer-encoding")) {
      var body = new ByteArrayOutputStream();
      for (var chunk = readChunk(); chunk != null; chunk = readChunk()) {
        body.writeBytes(chunk);
      }
      return new Answer(status, headers, ByteString.copyFrom(body.toByteArray()));
    }
    var length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    return new Answer(status, headers, ByteString.copyFrom(in.readNBytes(length)));
  }

  /// Reads a stream's status and headers alone.
  Answer readHead() throws IOException {
    var status = status();
    return new Answer(status, headers(), ByteString.EMPTY);
  }

  /// The next chunk of a stream, or null after the last.
  byte @Nullable [] readChunk() throws IOException {
    var length = Integer.parseInt(line(), 16);
    var bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("the stream broke off");
    }
    line();
    return length == 0 ? null : bytes;
  }

  /// Whether the server has closed the connection; blocks until it says something.
  boolean isClosed() {
    try {
      return in.read() < 0;
    } catch (IOException e) {
      return true;
    }
  }

  private int status() throws IOException {
    var line = line();
    var start = "HTTP/1.1 ".length();
    return Integer.parseInt(line.substring(start, start + 3));
  }

  private Map<String, String> headers() throws IOException {
    var headers = new TreeMap<String, String>();
    for (var line = line(); !line.isEmpty(); line = line()) {
      var colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    return headers;
  }

  private String line() throws IOException {
    var line = new ByteArrayOutputStream();
    for (var b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the server closed the connection");
      }
      line.write(b);
    }
    return line.toString(ISO_8859_1).stripTrailing();
  }

  @Override
  public void close() throws IOException {
    try {
      connection.close();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
