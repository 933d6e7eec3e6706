package dev.skein.cli.whoami;

import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A small HTTP server that says which task answered: the sample service for demonstrations, tests
/// and exercises.
///
/// `/` answers with the task and the request, as text or as JSON; `/health` with `ok`, or status
/// 503 while it is not healthy, which `/sick` makes it for good; `/slow?ms=` after a pause;
/// `/cpu?ms=` after using a processor; `/exit?code=` ends the process. A virtual thread serves each
/// connection. [#drain] may be called by any thread.
public final class WhoamiServer implements Closeable {
  /// The longest that `/slow` and `/cpu` may take, in milliseconds.
  public static final int MS_MAX = 60_000;

  /// The most connections that are served at a time; more wait to be accepted.
  public static final int CONNECTIONS_MAX = 4096;

  private static final int BACKLOG = 1024;
  private static final int DATAGRAM_BYTES_MAX = 65_507;

  private final Identity identity;
  private final LongSupplier nanoTime;
  private final IntConsumer exit;
  private final ServerSocket listener;
  private final @Nullable DatagramSocket echo;
  private final Semaphore places = new Semaphore(CONNECTIONS_MAX);
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;
  private volatile boolean sick;
  private volatile long healthyFrom;

  /// Binds.
  ///
  /// @param address where to listen; port 0 for any
  /// @param udp whether datagrams to the same port are answered too
  /// @param nanoTime monotonic nanoseconds
  /// @param exit ends the process with a code
  /// @throws IOException if the address can't be had
  public WhoamiServer(
      Identity identity,
      InetSocketAddress address,
      boolean udp,
      LongSupplier nanoTime,
      IntConsumer exit)
      throws IOException {
    this.identity = identity;
    this.nanoTime = nanoTime;
    this.exit = exit;
    healthyFrom = nanoTime.getAsLong();
    listener = new ServerSocket();
    listener.setReuseAddress(true);
    listener.bind(address, BACKLOG);
    echo =
        udp
            ? new DatagramSocket(
                new InetSocketAddress(address.getAddress(), listener.getLocalPort()))
            : null;
  }

  /// Where it listens.
  public InetSocketAddress address() {
    return (InetSocketAddress) listener.getLocalSocketAddress();
  }

  /// Is not healthy from now on for a while; before [#serve].
  public void unhealthyFor(long nanos) {
    healthyFrom = nanoTime.getAsLong() + nanos;
  }

  private boolean isHealthy() {
    return !sick && nanoTime.getAsLong() - healthyFrom >= 0;
  }

  /// Serves until [#drain] is called. Blocks the caller.
  public void serve() throws IOException {
    if (echo != null) {
      DatagramSocket socket = echo;
      Thread.ofPlatform().daemon().name("udp-echo").start(() -> echo(socket));
    }
    while (!draining) {
      try {
        places.acquire();
        Socket socket = listener.accept();
        Connection connection = new Connection(socket);
        connections.add(connection);
        Thread.ofVirtual().start(connection);
      } catch (SocketException e) {
        if (!draining) {
          throw e;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /// Stops accepting, ends idle connections, and waits for the requests in flight.
  ///
  /// @param timeoutMs how long to wait, in milliseconds
  /// @return whether all were finished in time
  public boolean drain(long timeoutMs) throws IOException, InterruptedException {
    draining = true;
    listener.close();
    if (echo != null) {
      echo.close();
    }
    long deadline = nanoTime.getAsLong() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    for (Connection connection : connections) {
      connection.closeIfIdle();
    }
    for (Connection connection : connections) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - nanoTime.getAsLong());
      if (!connection.ended.await(Math.max(1, left), TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    draining = true;
    listener.close();
    if (echo != null) {
      echo.close();
    }
    for (Connection connection : connections) {
      connection.socket.close();
    }
  }

  private void echo(DatagramSocket socket) {
    byte[] buffer = new byte[DATAGRAM_BYTES_MAX];
    byte[] label = (identity.label() + " ").getBytes(StandardCharsets.UTF_8);
    while (!draining) {
      try {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        byte[] answer = Arrays.copyOf(label, label.length + packet.getLength());
        System.arraycopy(buffer, 0, answer, label.length, packet.getLength());
        int length = Math.min(answer.length, DATAGRAM_BYTES_MAX);
        socket.send(new DatagramPacket(answer, length, packet.getSocketAddress()));
      } catch (IOException e) {
        if (socket.isClosed()) {
          return;
        }
        // An ICMP error of an earlier answer ends up here; the next datagram is not to blame.
      }
    }
  }

  private final class Connection implements Runnable {
    private final Socket socket;
    private final java.util.concurrent.CountDownLatch ended =
        new java.util.concurrent.CountDownLatch(1);
    private boolean busy;
    private boolean closed;

    Connection(Socket socket) {
      this.socket = socket;
    }

    @Override
    public void run() {
      try (socket) {
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        boolean more = true;
        while (more) {
          int first = in.read();
          if (first < 0 || !begin()) {
            return;
          }
          more = answer(first, in, out) && finish();
        }
      } catch (IOException e) {
        // The client went away; there is nobody to tell.
      } finally {
        connections.remove(this);
        places.release();
        ended.countDown();
      }
    }

    private synchronized boolean begin() {
      busy = !closed;
      return busy;
    }

    private synchronized boolean finish() {
      busy = false;
      return !draining;
    }

    synchronized void closeIfIdle() throws IOException {
      if (!busy) {
        closed = true;
        socket.close();
      }
    }

    private boolean answer(int first, InputStream in, OutputStream out) throws IOException {
      try {
        Request request = Request.read(first, in);
        boolean keepAlive = request.keepAlive() && !draining;
        route(request, keepAlive, out);
        return keepAlive;
      } catch (Request.MalformedException e) {
        respond(400, "text/plain", e.getMessage() + "\n", false, false, out);
        return false;
      }
    }

    private void route(Request request, boolean keepAlive, OutputStream out)
        throws IOException, Request.MalformedException {
      boolean head = request.method().equals("HEAD");
      switch (request.path()) {
        case "/health" -> {
          var healthy = isHealthy();
          respond(
              healthy ? 200 : 503,
              "text/plain",
              healthy ? "ok\n" : sick ? "sick\n" : "not ready\n",
              keepAlive,
              head,
              out);
        }
        case "/sick" -> {
          sick = true;
          identify(request, keepAlive, out);
        }
        case "/slow" -> {
          pause(request.number("ms", 1000, MS_MAX));
          identify(request, keepAlive && !draining, out);
        }
        case "/cpu" -> {
          burn(request.number("ms", 1000, MS_MAX));
          identify(request, keepAlive && !draining, out);
        }
        case "/exit" -> {
          int code = request.number("code", 0, 255);
          respond(200, "text/plain", "exiting with code " + code + "\n", false, head, out);
          exit.accept(code);
        }
        default -> identify(request, keepAlive, out);
      }
    }

    private void identify(Request request, boolean keepAlive, OutputStream out) throws IOException {
      boolean head = request.method().equals("HEAD");
      String format = request.query().getOrDefault("format", "");
      boolean json =
          format.equals("json")
              || (format.isEmpty()
                  && request.headers().getOrDefault("accept", "").contains("application/json"));
      if (json) {
        JsonObject body = identity.toJson();
        body.addProperty("Local", local());
        body.addProperty("Remote", remote());
        body.addProperty("Healthy", isHealthy());
        body.addProperty("Method", request.method());
        body.addProperty("Path", request.path());
        JsonObject headers = new JsonObject();
        request.headers().forEach(headers::addProperty);
        body.add("Headers", headers);
        respond(200, "application/json", Json.write(body) + "\n", keepAlive, head, out);
        return;
      }
      StringBuilder text = new StringBuilder(identity.toText());
      text.append("Local: ").append(local()).append('\n');
      text.append("Remote: ").append(remote()).append('\n');
      text.append("Healthy: ").append(isHealthy()).append("\n\n");
      text.append(request.line()).append('\n');
      request.headers().forEach((name, value) -> text.append(name + ": " + value + "\n"));
      respond(200, "text/plain", text.toString(), keepAlive, head, out);
    }

    private String local() {
      return socket.getLocalAddress().getHostAddress() + ":" + socket.getLocalPort();
    }

    private String remote() {
      return socket.getInetAddress().getHostAddress() + ":" + socket.getPort();
    }

    private void burn(int ms) {
      long end = nanoTime.getAsLong() + TimeUnit.MILLISECONDS.toNanos(ms);
      while (nanoTime.getAsLong() - end < 0) {
        Thread.onSpinWait();
      }
    }

    private void pause(int ms) {
      try {
        // Nobody counts it down: it is a pause that another thread could end.
        new java.util.concurrent.CountDownLatch(1).await(ms, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void respond(
      int status, String type, String body, boolean keepAlive, boolean head, OutputStream out)
      throws IOException {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    byte[] start =
        ("HTTP/1.1 "
                + status
                + switch (status) {
                  case 200 -> " OK";
                  case 503 -> " Service Unavailable";
                  default -> " Bad Request";
                }
                + "\r\nContent-Type: "
                + type
                + "; charset=utf-8\r\nContent-Length: "
                + content.length
                + "\r\nConnection: "
                + (keepAlive ? "keep-alive" : "close")
                + "\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] whole = Arrays.copyOf(start, start.length + (head ? 0 : content.length));
    if (!head) {
      System.arraycopy(content, 0, whole, start.length, content.length);
    }
    out.write(whole);
    out.flush();
  }
}
