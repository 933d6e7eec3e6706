package dev.skein.api.route;

import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A server's stream, opened so that a refusal is known before the HTTP status is sent. The next
/// message is asked for only when the last one was taken. Used by one thread.
final class GrpcStream<T> implements AutoCloseable {
  /// How long a refusal is waited for. A stream may be silent for ever, so that silence must be
  /// taken for consent; a manager that refuses does it at once.
  private static final long REFUSAL_WAIT_MS = 100;

  private final BlockingClientCall<?, T> call;
  private boolean hasFirst;
  private @Nullable T first;

  private GrpcStream(BlockingClientCall<?, T> call) {
    this.call = call;
  }

  /// @throws StatusException when the call is refused
  static <T> GrpcStream<T> open(BlockingClientCall<?, T> call)
      throws StatusException, InterruptedException {
    var stream = new GrpcStream<>(call);
    try {
      stream.first = call.read(REFUSAL_WAIT_MS, TimeUnit.MILLISECONDS);
      stream.hasFirst = true;
    } catch (TimeoutException e) {
      // Accepted, with nothing to say yet.
    }
    return stream;
  }

  /// The next message, or null at the end.
  @Nullable T next() throws StatusException, InterruptedException {
    if (hasFirst) {
      hasFirst = false;
      var taken = first;
      first = null;
      return taken;
    }
    return call.read();
  }

  @Override
  public void close() {
    call.cancel("the client has what it wanted", null);
  }
}
