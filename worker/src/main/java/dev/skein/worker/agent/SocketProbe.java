package dev.skein.worker.agent;

import dev.skein.worker.runtime.Execution;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/// Probes of what listens on a port. Each is bounded in time as a whole, so that a peer that sends
/// a byte now and then can't prolong it. Stateless but for its clock; any thread.
final class SocketProbe {

  private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] ([0-9]{3})(?: .*)?");
  private static final int HEALTHY_FROM = 200;
  private static final int HEALTHY_BELOW = 400;

  private final LongSupplier nanoTime;

  SocketProbe(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /// Healthy when the port takes a connection.
  TaskEvent.Probed tcp(InetSocketAddress target, Duration timeout) {
    var deadline = nanoTime.getAsLong() + timeout.toNanos();
    try (var socket = new Socket()) {
      socket.connect(target, left(deadline));
      return new TaskEvent.Probed(true, "");
    } catch (IOException e) {
      return failed("tcp " + target.getPort(), timeout, e);
    }
  }

  /// Healthy when a GET is answered with a status from 200 to 399, as for Kubernetes.
  TaskEvent.Probed http(InetSocketAddress target, String path, Duration timeout) {
    var deadline = nanoTime.getAsLong() + timeout.toNanos();
    var what = "GET " + path;
    try (var socket = new Socket()) {
      socket.connect(target, left(deadline));
      var request =
          "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: skein-health\r\nAccept: */*\r\n"
                  .formatted(path, target.getHostString(), target.getPort())
              + "Connection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return judged(what, answer(socket, deadline));
    } catch (IOException e) {
      return failed(what, timeout, e);
    }
  }

  /// The beginning of the answer: at most as much as is kept, whatever the peer sends. Of one that
  /// says healthy the status line is enough; of any other, what came in time is shown.
  private String answer(Socket socket, long deadline) throws IOException {
    var answer = new byte[Execution.OUTPUT_BYTES_MAX];
    var length = 0;
    var text = "";
    while (length < answer.length && !isHealthy(status(text))) {
      try {
        socket.setSoTimeout(left(deadline));
        var count = socket.getInputStream().read(answer, length, answer.length - length);
        if (count < 0) {
          break;
        }
        length += count;
        text = new String(answer, 0, length, StandardCharsets.UTF_8);
      } catch (SocketTimeoutException e) {
        if (status(text) < 0) {
          throw e;
        }
        break;
      }
    }
    return text;
  }

  private static boolean isHealthy(int status) {
    return status >= HEALTHY_FROM && status < HEALTHY_BELOW;
  }

  /// The status of an answer; -1 when its first line is not complete or none of HTTP.
  private static int status(String answer) {
    var end = answer.indexOf("\r\n");
    var status = STATUS_LINE.matcher(end < 0 ? "" : answer.substring(0, end));
    return status.matches() ? Integer.parseInt(status.group(1)) : -1;
  }

  private static TaskEvent.Probed judged(String what, String answer) {
    var code = status(answer);
    if (code < 0) {
      var line = answer.lines().findFirst().orElse("");
      return new TaskEvent.Probed(false, what + ": no HTTP answer, but \"" + line + "\"");
    }
    if (isHealthy(code)) {
      return new TaskEvent.Probed(true, "");
    }
    var head = answer.indexOf("\r\n\r\n");
    var body = head < 0 ? "" : answer.substring(head).strip();
    return new TaskEvent.Probed(
        false, what + ": status " + code + (body.isEmpty() ? "" : ": " + body));
  }

  private static TaskEvent.Probed failed(String what, Duration timeout, IOException e) {
    var why =
        e instanceof SocketTimeoutException
            ? "no answer within " + Prober.text(timeout)
            : String.valueOf(e.getMessage());
    return new TaskEvent.Probed(false, what + ": " + why);
  }

  private int left(long deadline) throws SocketTimeoutException {
    var millis = TimeUnit.NANOSECONDS.toMillis(deadline - nanoTime.getAsLong());
    if (millis <= 0) {
      throw new SocketTimeoutException();
    }
    return Math.toIntExact(Math.min(millis, Integer.MAX_VALUE));
  }
}
