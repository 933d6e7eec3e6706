package dev.skein.manager.dispatch;

import dev.skein.manager.LeaderDuty;
import dev.skein.manager.auth.Caller;
import dev.skein.manager.dispatch.log.LogBroker;
import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.DispatcherGrpc;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.PublishLogsMessage;
import dev.skein.proto.v1.PublishLogsResponse;
import dev.skein.state.ClusterStore;
import dev.skein.state.IdSource;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The RPCs of the agents. While this manager leads it keeps their sessions; otherwise it tells
/// them who does.
public final class DispatcherService extends DispatcherGrpc.DispatcherImplBase
    implements LeaderDuty {

  /// In the trailers of a refusal: `host:port` of the manager that leads.
  public static final Metadata.Key<String> LEADER =
      Metadata.Key.of("skein-leader", Metadata.ASCII_STRING_MARSHALLER);

  private final String nodeId;
  private final ClusterStore store;
  private final IdSource ids;
  private final InstantSource clock;
  private final Supplier<@Nullable String> leaderAddress;
  private final LogBroker logs;
  private final MeasurementListener measurements;
  private final BooleanSupplier standstill;
  private final AtomicLong keys = new AtomicLong();
  private volatile @Nullable DispatchLoop loop;

  /// @param nodeId this manager's node
  /// @param clock must not jump: node deaths are judged by it
  /// @param leaderAddress `host:port` of the leader's RPCs, null when unknown or when it is this
  ///     one
  /// @param logs gets the lines that agents publish
  /// @param measurements gets what agents say is used
  /// @param standstill whether a leadership that begins is the first since the managers started
  public DispatcherService(
      String nodeId,
      ClusterStore store,
      IdSource ids,
      InstantSource clock,
      Supplier<@Nullable String> leaderAddress,
      LogBroker logs,
      MeasurementListener measurements,
      BooleanSupplier standstill) {
    this.nodeId = nodeId;
    this.store = store;
    this.ids = ids;
    this.clock = clock;
    this.leaderAddress = leaderAddress;
    this.logs = logs;
    this.measurements = measurements;
    this.standstill = standstill;
  }

  @Override
  public void begin() {
    var begun =
        new DispatchLoop(nodeId, store, ids, clock, logs, measurements, standstill.getAsBoolean());
    logs.begin(store, begun::execute, begun::send);
    begun.start();
    loop = begun;
  }

  @Override
  public void end() {
    var ended = loop;
    loop = null;
    if (ended != null) {
      ended.close(notLeading(), trailers());
    }
  }

  private Status notLeading() {
    var leader = leaderAddress.get();
    return leader == null
        ? Status.UNAVAILABLE.withDescription("this manager does not lead, and knows no leader")
        : Status.FAILED_PRECONDITION.withDescription(
            "this manager does not lead; the leader is at " + leader);
  }

  private Metadata trailers() {
    var trailers = new Metadata();
    var leader = leaderAddress.get();
    if (leader != null) {
      trailers.put(LEADER, leader);
    }
    return trailers;
  }

  @Override
  public StreamObserver<AgentMessage> session(StreamObserver<DispatcherMessage> observer) {
    var out = (ServerCallStreamObserver<DispatcherMessage>) observer;
    var current = loop;
    if (current == null) {
      return refuse(out, notLeading(), trailers());
    }
    var caller = Caller.current();
    if (caller.nodeId().isEmpty()) {
      return refuse(
          out,
          Status.UNAUTHENTICATED.withDescription("a session needs a node's certificate"),
          new Metadata());
    }
    var stream = new AgentStream(keys.incrementAndGet(), caller.nodeId(), out);
    out.disableAutoRequest();
    out.setOnReadyHandler(() -> current.writable(stream));
    out.setOnCancelHandler(() -> current.closed(stream, false));
    // One at a time is asked for in answer to each, so this many may be under way.
    out.request(DispatchLoop.INBOUND_MAX);
    return new Inbound(current, stream);
  }

  /// What one agent sends.
  private static final class Inbound implements StreamObserver<AgentMessage> {
    private final DispatchLoop loop;
    private final AgentStream stream;
    private boolean open;

    private Inbound(DispatchLoop loop, AgentStream stream) {
      this.loop = loop;
      this.stream = stream;
    }

    @Override
    public void onNext(AgentMessage message) {
      if (open) {
        loop.received(stream, message);
      } else if (message.hasHello()) {
        open = true;
        loop.opened(stream, message);
      } else {
        loop.execute(
            () ->
                stream.fail(
                    Status.INVALID_ARGUMENT.withDescription("a session begins with a hello"),
                    new Metadata()));
      }
    }

    @Override
    public void onError(Throwable broken) {
      loop.closed(stream, false);
    }

    @Override
    public void onCompleted() {
      loop.closed(stream, true);
    }
  }

  @Override
  public StreamObserver<PublishLogsMessage> publishLogs(
      StreamObserver<PublishLogsResponse> observer) {
    var out = (ServerCallStreamObserver<PublishLogsResponse>) observer;
    if (loop == null) {
      return refuse(out, notLeading(), trailers());
    }
    return logs.publish(Caller.current().nodeId(), out);
  }

  private static <Q, R> StreamObserver<Q> refuse(
      StreamObserver<R> out, Status status, Metadata trailers) {
    out.onError(status.asRuntimeException(trailers));
    return new StreamObserver<>() {
      @Override
      public void onNext(Q ignored) {}

      @Override
      public void onError(Throwable ignored) {}

      @Override
      public void onCompleted() {}
    };
  }
}
