package dev.skein.cli.client;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One HTTP/1.1 connection, used for one request at a time. Hand-written because the JDK's client
/// speaks no Unix sockets and costs more at start-up than the whole command.
///
/// Not thread-safe, but `close` may be called by another thread to end a blocked read.
final class HttpConnection implements Closeable {
  /// The longest status or header line that is accepted, in bytes.
  static final int LINE_BYTES_MAX = 64 * 1024;

  /// The largest number of header lines that is accepted.
  static final int HEADERS_MAX = 200;

  /// How long connecting may take, in milliseconds.
  static final int CONNECT_TIMEOUT_MS = 10_000;

  private final Closeable transport;
  private final InputStream in;
  private final OutputStream out;

  private HttpConnection(Closeable transport, InputStream in, OutputStream out) {
    this.transport = transport;
    this.in = new BufferedInputStream(in, 8192);
    this.out = out;
  }

  static HttpConnection open(Endpoint endpoint, @Nullable TlsFiles tls) throws IOException {
    // Not a switch over types: that is linked anew at each start, for several milliseconds.
    if (endpoint instanceof Endpoint.Unix(String path)) {
      // The stream API of the JDK's channels is enough: nothing here is concurrent.
      SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
      return new HttpConnection(
          channel, Channels.newInputStream(channel), Channels.newOutputStream(channel));
    }
    Socket socket = connect((Endpoint.Tcp) endpoint, tls);
    return new HttpConnection(socket, socket.getInputStream(), socket.getOutputStream());
  }

  private static Socket connect(Endpoint.Tcp tcp, @Nullable TlsFiles tls) throws IOException {
    if (tls != null) {
      return TlsConnector.connect(tcp, tls, CONNECT_TIMEOUT_MS);
    }
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(tcp.host(), tcp.port()), CONNECT_TIMEOUT_MS);
      socket.setTcpNoDelay(true);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /// Sends one request and reads the head of its answer.
  Response exchange(String method, String target, String host, byte @Nullable [] json)
      throws IOException {
    StringBuilder head = new StringBuilder(200);
    head.append(method).append(' ').append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    head.append("\r\nUser-Agent: skein\r\nAccept: application/json\r\n");
    if (json != null) {
      head.append("Content-Type: application/json\r\nContent-Length: ").append(json.length);
      head.append("\r\n");
    } else if (!method.equals("GET")) {
      head.append("Content-Length: 0\r\n");
    }
    head.append("\r\n");
    byte[] bytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
    if (json != null) {
      byte[] both = new byte[bytes.length + json.length];
      System.arraycopy(bytes, 0, both, 0, bytes.length);
      System.arraycopy(json, 0, both, bytes.length, json.length);
      bytes = both;
    }
    out.write(bytes);
    out.flush();
    return readHead(method);
  }

  private Response readHead(String method) throws IOException {
    String status = readLine();
    if (!status.startsWith("HTTP/1.") || status.length() < 12) {
      throw new IOException("the answer is not HTTP: \"" + abbreviate(status) + "\"");
    }
    int code = parse(status.substring(9, 12), 10);
    long length = -1;
    boolean chunked = false;
    boolean keepAlive = status.startsWith("HTTP/1.1");
    String contentType = "";
    long index = 0;
    for (int count = 0; ; count++) {
      String line = readLine();
      if (line.isEmpty()) {
        break;
      }
      if (count >= HEADERS_MAX) {
        throw new IOException("the answer has more than " + HEADERS_MAX + " headers");
      }
      int colon = line.indexOf(':');
      if (colon <= 0) {
        throw new IOException("the answer has a malformed header: \"" + abbreviate(line) + "\"");
      }
      String value = line.substring(colon + 1).strip();
      switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
        case "content-length" -> length = parse(value, 10);
        case "transfer-encoding" -> chunked = value.equalsIgnoreCase("chunked");
        case "connection" -> keepAlive = !value.equalsIgnoreCase("close");
        case "content-type" -> contentType = value;
        case "x-skein-index" -> index = parseIndex(value);
        default -> {}
      }
    }
    if (code == 100) {
      return readHead(method);
    }
    InputStream body;
    if (method.equals("HEAD") || code == 204 || code == 304) {
      body = InputStream.nullInputStream();
    } else if (chunked) {
      body = new ChunkedInputStream(this, in);
    } else if (length >= 0) {
      body = new FixedInputStream(in, length);
    } else {
      body = in;
      keepAlive = false;
    }
    return new Response(code, contentType, body, keepAlive, index);
  }

  String readLine() throws IOException {
    StringBuilder line = new StringBuilder(64);
    while (true) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("the connection was closed before the answer was complete");
      }
      if (c == '\n') {
        int end = line.length();
        if (end > 0 && line.charAt(end - 1) == '\r') {
          line.setLength(end - 1);
        }
        return line.toString();
      }
      if (line.length() >= LINE_BYTES_MAX) {
        throw new IOException("the answer has a line of more than " + LINE_BYTES_MAX + " bytes");
      }
      line.append((char) c);
    }
  }

  static int parse(String number, int radix) throws IOException {
    try {
      int value = Integer.parseInt(number, radix);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below with the offending text.
    }
    throw new IOException("the answer has a bad number: \"" + abbreviate(number) + "\"");
  }

  private static long parseIndex(String number) throws IOException {
    try {
      return Long.parseUnsignedLong(number);
    } catch (NumberFormatException e) {
      throw new IOException("the answer has a bad index: \"" + abbreviate(number) + "\"", e);
    }
  }

  private static String abbreviate(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "…";
  }

  @Override
  public void close() throws IOException {
    transport.close();
  }

  /// The head of an answer, and its body still to be read.
  ///
  /// @param status HTTP status code
  /// @param contentType the header's value, or empty
  /// @param body ends where the answer ends
  /// @param keepAlive whether the connection may carry another request once the body was read
  /// @param index the Raft index that the answer is true at; 0 where it has none
  record Response(
      int status, String contentType, InputStream body, boolean keepAlive, long index) {}
}
