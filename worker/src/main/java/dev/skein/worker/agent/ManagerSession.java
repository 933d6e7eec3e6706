package dev.skein.worker.agent;

import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.DispatcherGrpc;
import dev.skein.proto.v1.DispatcherMessage;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One session with a manager, as a stream of messages both ways. Messages may be sent from any
/// thread; the manager's come on gRPC's.
final class ManagerSession {

  /// In the trailers of a refusal: `host:port` of the manager that leads.
  static final Metadata.Key<String> LEADER =
      Metadata.Key.of("skein-leader", Metadata.ASCII_STRING_MARSHALLER);

  /// Messages of the manager's that may wait for the agent; further ones wait in the connection.
  private static final int INBOUND_MAX = 16;

  private final Supplier<Channel> manager;
  private final LongSupplier nanoTime;
  private final Consumer<DispatcherMessage> messages;
  private final BiConsumer<Status, Metadata> ended;
  private volatile long heardAt;
  // Guarded by this.
  private @Nullable ClientCallStreamObserver<AgentMessage> out;
  private boolean over;

  /// @param manager gives the present channel to the session's manager: it changes with the node's
  ///     certificate
  /// @param messages takes the manager's; each is to be answered by [#taken]
  /// @param ended told once how the session ended
  ManagerSession(
      Supplier<Channel> manager,
      LongSupplier nanoTime,
      Consumer<DispatcherMessage> messages,
      BiConsumer<Status, Metadata> ended) {
    this.manager = manager;
    this.nanoTime = nanoTime;
    this.messages = messages;
    this.ended = ended;
    heardAt = nanoTime.getAsLong();
  }

  /// A channel to the session's manager, for what belongs to the session.
  Channel channel() {
    return manager.get();
  }

  /// Opens the session.
  void open(AgentMessage hello) {
    // The stub hands the stream over by beforeStart as well; it is the same.
    var _ = DispatcherGrpc.newStub(manager.get()).session(new Inbound());
    send(hello);
  }

  /// Sends a message; dropped when the session is over.
  synchronized void send(AgentMessage message) {
    if (!over && out != null) {
      out.onNext(message);
    }
  }

  /// A message was dealt with: one more may come.
  synchronized void taken() {
    if (!over && out != null) {
      out.request(1);
    }
  }

  /// Nanoseconds since the manager was last heard.
  long silentNanos() {
    return nanoTime.getAsLong() - heardAt;
  }

  /// Says goodbye: the manager then knows that the agent is being stopped, and its node is not
  /// dead.
  synchronized void close() {
    if (!over && out != null) {
      over = true;
      out.onCompleted();
    }
  }

  /// Breaks the session off.
  void abort(String reason) {
    ClientCallStreamObserver<AgentMessage> broken;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      broken = out;
    }
    if (broken != null) {
      broken.cancel(reason, null);
    }
    ended.accept(Status.CANCELLED.withDescription(reason), new Metadata());
  }

  private void finish(Status status, Metadata trailers) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    ended.accept(status, trailers);
  }

  private final class Inbound implements ClientResponseObserver<AgentMessage, DispatcherMessage> {

    @Override
    public void beforeStart(ClientCallStreamObserver<AgentMessage> stream) {
      stream.disableAutoRequestWithInitial(INBOUND_MAX);
      synchronized (ManagerSession.this) {
        out = stream;
      }
    }

    @Override
    public void onNext(DispatcherMessage message) {
      heardAt = nanoTime.getAsLong();
      messages.accept(message);
    }

    @Override
    public void onError(Throwable failure) {
      var trailers = Status.trailersFromThrowable(failure);
      finish(Status.fromThrowable(failure), trailers == null ? new Metadata() : trailers);
    }

    @Override
    public void onCompleted() {
      finish(Status.UNAVAILABLE.withDescription("the manager ended the session"), new Metadata());
    }
  }
}
