package dev.skein.manager.dispatch.log;

import dev.skein.proto.v1.LogsResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;

/// The one who asked for logs. What it does not take yet waits here, and whoever sent it is asked
/// for no more until it went out: so memory holds one message of each node. Thread-safe.
final class LogClient {

  /// Something that waits for the client.
  private record Waiting(LogsResponse response, Runnable sent) {}

  private final ServerCallStreamObserver<LogsResponse> out;
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private boolean completing;
  private boolean ended;

  LogClient(ServerCallStreamObserver<LogsResponse> out) {
    this.out = out;
    out.setOnReadyHandler(this::flush);
  }

  /// Sends, now or when the client takes it, and then runs `sent`.
  void send(LogsResponse response, Runnable sent) {
    synchronized (this) {
      if (ended || completing) {
        return;
      }
      queue.add(new Waiting(response, sent));
    }
    flush();
  }

  /// Tells why something is missing.
  void warn(String warning) {
    send(LogsResponse.newBuilder().setWarning(warning).build(), () -> {});
  }

  /// Ends the answer once everything has gone out.
  void complete() {
    synchronized (this) {
      completing = true;
    }
    flush();
  }

  /// Ends the answer with an error.
  synchronized void fail(Status status) {
    if (!ended) {
      ended = true;
      queue.clear();
      out.onError(status.asRuntimeException());
    }
  }

  /// The client is gone.
  synchronized void abandon() {
    ended = true;
    queue.clear();
  }

  private void flush() {
    while (true) {
      Waiting next;
      synchronized (this) {
        if (ended || !out.isReady()) {
          return;
        }
        next = queue.poll();
        if (next == null) {
          if (completing) {
            ended = true;
            out.onCompleted();
          }
          return;
        }
        out.onNext(next.response);
      }
      next.sent.run();
    }
  }
}
