package dev.skein.cli.client;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A client of the daemon's API: Docker's Engine API, and Skein's own below `/skein/`. It keeps one
/// connection and sends one request at a time.
///
/// Not thread-safe. Every call throws [ApiException] when the daemon refuses and
/// [UnreachableException] when there is no daemon to speak to.
public final class EngineClient implements Closeable {
  /// How long an answer that is not a stream may take, in seconds. The daemon's own deadlines are
  /// shorter: this one is for a daemon that is stopped or hangs.
  public static final int ANSWER_TIMEOUT_SECONDS = 60;

  /// The largest answer that is read into memory, in bytes.
  public static final int ANSWER_BYTES_MAX = 256 * 1024 * 1024;

  private final Endpoint endpoint;
  private final @Nullable TlsFiles tls;
  private final int timeoutSeconds;
  private volatile @Nullable HttpConnection connection;
  private long index;

  /// @param tls the client's certificate and trust for a TCP endpoint; null for plain TCP. A Unix
  ///     endpoint has none.
  public EngineClient(Endpoint endpoint, @Nullable TlsFiles tls) {
    this(endpoint, tls, ANSWER_TIMEOUT_SECONDS);
  }

  /// As the other constructor.
  ///
  /// @param timeoutSeconds how long an answer may take, from 1
  public EngineClient(Endpoint endpoint, @Nullable TlsFiles tls, int timeoutSeconds) {
    this.endpoint = endpoint;
    this.tls = tls;
    this.timeoutSeconds = timeoutSeconds;
  }

  /// Where the daemon is looked for.
  public Endpoint endpoint() {
    return endpoint;
  }

  /// The Raft index that the last answer was true at: of the change that was asked for, or of the
  /// state that was read; 0 where it has none.
  public long index() {
    return index;
  }

  /// An object.
  public JsonObject object(String target) throws IOException {
    JsonElement answer = call("GET", target, null);
    if (!answer.isJsonObject()) {
      throw unexpected(target);
    }
    return answer.getAsJsonObject();
  }

  /// A list; a null answer is an empty one.
  public JsonArray list(String target) throws IOException {
    JsonElement answer = call("GET", target, null);
    if (answer.isJsonNull()) {
      return new JsonArray();
    }
    if (!answer.isJsonArray()) {
      throw unexpected(target);
    }
    return answer.getAsJsonArray();
  }

  /// Sends a POST.
  ///
  /// @param body the request's JSON, or null for none
  /// @return the answer, JSON null when it is empty
  public JsonElement post(String target, @Nullable JsonElement body) throws IOException {
    return call("POST", target, body);
  }

  /// Sends a DELETE.
  public void delete(String target) throws IOException {
    call("DELETE", target, null);
  }

  /// Opens a stream that goes on until the daemon ends it or the client is closed.
  public Stream stream(String target) throws IOException {
    HttpConnection.Response response = send("GET", target, null);
    if (response.status() >= 400) {
      throw refusal(response);
    }
    return new Stream(response.contentType(), response.body());
  }

  /// An answer that is read while it is written.
  ///
  /// @param contentType the header's value, or empty
  /// @param body ends where the daemon ends it
  public record Stream(String contentType, InputStream body) {}

  private JsonElement call(String method, String target, @Nullable JsonElement body)
      throws IOException {
    index = 0;
    CountDownLatch answered = new CountDownLatch(1);
    Watch watch = new Watch(this, answered, timeoutSeconds);
    watch.start();
    try {
      HttpConnection.Response response = send(method, target, body);
      if (response.status() >= 400) {
        throw refusal(response);
      }
      String text = readText(response);
      index = response.index();
      if (!response.keepAlive()) {
        close();
      }
      if (text.isBlank()) {
        return com.google.gson.JsonNull.INSTANCE;
      }
      try {
        return Json.parse(text);
      } catch (Json.SyntaxException e) {
        throw new UnreachableException(
            "The answer from " + endpoint + " is not JSON. Is this a Skein daemon?", e);
      }
    } catch (ApiException | UnreachableException e) {
      throw e;
    } catch (IOException e) {
      if (watch.fired) {
        throw new UnreachableException(
            "The daemon at "
                + endpoint
                + " did not answer within "
                + timeoutSeconds
                + " s. It may be stopped or overloaded; try again or look at its log.",
            e);
      }
      throw new UnreachableException(
          "The connection to the daemon at " + endpoint + " broke: " + e.getMessage(), e);
    } finally {
      answered.countDown();
    }
  }

  private HttpConnection.Response send(String method, String target, @Nullable JsonElement body)
      throws IOException {
    byte[] json = body == null ? null : Json.write(body).getBytes(StandardCharsets.UTF_8);
    HttpConnection current = connection;
    if (current == null) {
      current = connect();
      connection = current;
    }
    try {
      return current.exchange(method, target, "skein", json);
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private HttpConnection connect() throws UnreachableException {
    try {
      return HttpConnection.open(endpoint, tls);
    } catch (IOException e) {
      String hint =
          endpoint instanceof Endpoint.Unix && isDenied(e)
              ? " You may not use this socket: run as its owner or as root."
              : " Is the daemon running?";
      String detail = endpoint instanceof Endpoint.Tcp ? " (" + e.getMessage() + ")" : "";
      throw new UnreachableException(
          "Cannot connect to the Skein daemon at " + endpoint + "." + hint + detail, e, false);
    }
  }

  private static boolean isDenied(IOException e) {
    return e.getMessage() != null && e.getMessage().contains("Permission denied");
  }

  private ApiException refusal(HttpConnection.Response response) throws IOException {
    String text = readText(response);
    if (!response.keepAlive()) {
      close();
    }
    String message = text.strip();
    try {
      JsonElement parsed = Json.parse(text);
      String given = Json.text(parsed, "message");
      if (!given.isEmpty()) {
        message = given;
      }
    } catch (Json.SyntaxException e) {
      // Not every proxy in between answers in JSON: its words are shown as they are.
    }
    return new ApiException(
        response.status(), message.isEmpty() ? "HTTP status " + response.status() : message);
  }

  private static String readText(HttpConnection.Response response) throws IOException {
    byte[] bytes = response.body().readNBytes(ANSWER_BYTES_MAX);
    if (bytes.length == ANSWER_BYTES_MAX) {
      throw new IOException("the answer is larger than " + ANSWER_BYTES_MAX + " bytes");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private UnreachableException unexpected(String target) {
    return new UnreachableException(
        "The answer from " + endpoint + " to " + target + " is not what a Skein daemon sends.",
        null);
  }

  /// Ends the connection; a later call opens another.
  @Override
  public void close() throws IOException {
    HttpConnection current = connection;
    connection = null;
    if (current != null) {
      current.close();
    }
  }

  /// Ends a call that has no answer in time, by closing its connection: a blocking read on a Unix
  /// socket has no time limit of its own.
  private static final class Watch implements Runnable {
    private final EngineClient client;
    private final CountDownLatch answered;
    private final int seconds;
    private volatile boolean fired;

    Watch(EngineClient client, CountDownLatch answered, int seconds) {
      this.client = client;
      this.answered = answered;
      this.seconds = seconds;
    }

    void start() {
      Thread thread = new Thread(null, this, "answer-deadline", 64 * 1024);
      thread.setDaemon(true);
      thread.start();
    }

    @Override
    public void run() {
      try {
        if (!answered.await(seconds, TimeUnit.SECONDS)) {
          fired = true;
          HttpConnection current = client.connection;
          if (current != null) {
            current.close();
          }
        }
      } catch (InterruptedException | IOException e) {
        // The call has ended by itself.
      }
    }
  }
}
