package dev.skein.manager.dispatch;

import dev.skein.proto.v1.DispatcherMessage;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;

/// The way to one agent, with a bounded queue for what its connection does not take yet.
///
/// Owned by the dispatcher's thread.
final class AgentStream {

  /// Messages that wait for a slow agent; one more ends its session, and it begins anew with the
  /// whole of what is.
  static final int QUEUE_MAX = 1_000;

  final long key;
  final String nodeId;
  private final ServerCallStreamObserver<DispatcherMessage> out;
  private final ArrayDeque<DispatcherMessage> queue = new ArrayDeque<>();
  private boolean ended;

  AgentStream(long key, String nodeId, ServerCallStreamObserver<DispatcherMessage> out) {
    this.key = key;
    this.nodeId = nodeId;
    this.out = out;
  }

  /// Sends or queues; false when the queue is full.
  boolean send(DispatcherMessage message) {
    if (ended) {
      return true;
    }
    if (queue.isEmpty() && out.isReady()) {
      out.onNext(message);
      return true;
    }
    if (queue.size() == QUEUE_MAX) {
      return false;
    }
    queue.add(message);
    return true;
  }

  /// Sends what waits, as far as the connection takes it.
  void flush() {
    while (!ended && out.isReady()) {
      var next = queue.poll();
      if (next == null) {
        return;
      }
      out.onNext(next);
    }
  }

  /// Takes `count` more messages in.
  void request(int count) {
    if (!ended) {
      out.request(count);
    }
  }

  /// Ends the session with an error.
  void fail(Status status, io.grpc.Metadata trailers) {
    if (!ended) {
      ended = true;
      queue.clear();
      out.onError(status.asRuntimeException(trailers));
    }
  }

  /// Answers an agent that closed its side.
  void complete() {
    if (!ended) {
      ended = true;
      queue.clear();
      out.onCompleted();
    }
  }

  /// Forgets a connection that is gone.
  void abandon() {
    ended = true;
    queue.clear();
  }
}
