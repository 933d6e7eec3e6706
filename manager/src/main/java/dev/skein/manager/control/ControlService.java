package dev.skein.manager.control;

import dev.skein.manager.explain.ServiceExplanation;
import dev.skein.manager.rpc.Answer;
import dev.skein.manager.stats.ClusterStats;
import dev.skein.manager.stats.StatsView;
import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.CreateServiceResponse;
import dev.skein.proto.v1.Event;
import dev.skein.proto.v1.EventsRequest;
import dev.skein.proto.v1.ExplainServiceRequest;
import dev.skein.proto.v1.ExplainServiceResponse;
import dev.skein.proto.v1.GetRequest;
import dev.skein.proto.v1.GetResponse;
import dev.skein.proto.v1.LeadNodeRequest;
import dev.skein.proto.v1.LeadNodeResponse;
import dev.skein.proto.v1.ListRequest;
import dev.skein.proto.v1.ListResponse;
import dev.skein.proto.v1.LogsRequest;
import dev.skein.proto.v1.LogsResponse;
import dev.skein.proto.v1.Object;
import dev.skein.proto.v1.RearrangeRequest;
import dev.skein.proto.v1.RearrangeResponse;
import dev.skein.proto.v1.RemoveNodeRequest;
import dev.skein.proto.v1.RemoveNodeResponse;
import dev.skein.proto.v1.RemoveServiceRequest;
import dev.skein.proto.v1.RemoveServiceResponse;
import dev.skein.proto.v1.StatsRequest;
import dev.skein.proto.v1.StatsResponse;
import dev.skein.proto.v1.UpdateClusterRequest;
import dev.skein.proto.v1.UpdateClusterResponse;
import dev.skein.proto.v1.UpdateNodeRequest;
import dev.skein.proto.v1.UpdateNodeResponse;
import dev.skein.proto.v1.UpdateServiceRequest;
import dev.skein.proto.v1.UpdateServiceResponse;
import dev.skein.proto.v1.Version;
import dev.skein.state.ClusterState;
import dev.skein.state.ClusterStore;
import dev.skein.state.IdSource;
import dev.skein.state.ratis.PeerStatus;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/// The control API. It works on the leader: elsewhere the store refuses, which tells the caller
/// where to go. Calls block their own (virtual) thread; streams have one each.
public final class ControlService extends ControlGrpc.ControlImplBase {
  private static final int EVENTS_PER_BATCH = 256;

  // Stands for "never", where a difference of instants would overflow.
  private static final Instant FAR = Instant.parse("9999-12-31T00:00:00Z");
  private static final Duration DAY = Duration.ofDays(1);

  /// Answers [ControlGrpc.ControlImplBase#logs].
  @FunctionalInterface
  public interface LogSource {
    void logs(LogsRequest request, StreamObserver<LogsResponse> observer);
  }

  /// Hands leadership over.
  @FunctionalInterface
  public interface Succession {
    /// Makes a manager the leader; done when it leads.
    CompletableFuture<Void> to(String nodeId);
  }

  private final ClusterStore store;
  private final Mutations mutations;
  private final Supplier<List<PeerStatus>> peers;
  private final Succession succession;
  private final EventLog events;
  private final LogSource logs;
  private final ClusterStats stats;
  private final IdSource ids;
  private final InstantSource clock;
  private final Executor streams;

  /// @param peers the Raft group's members as this manager sees them
  /// @param succession makes another member the leader
  /// @param stats what nodes told this leader
  /// @param ids safe for use by several threads
  /// @param streams runs each stream on a thread of its own, which may block
  public ControlService(
      ClusterStore store,
      Mutations mutations,
      Supplier<List<PeerStatus>> peers,
      Succession succession,
      EventLog events,
      LogSource logs,
      ClusterStats stats,
      IdSource ids,
      InstantSource clock,
      Executor streams) {
    this.store = store;
    this.mutations = mutations;
    this.peers = peers;
    this.succession = succession;
    this.events = events;
    this.logs = logs;
    this.stats = stats;
    this.ids = ids;
    this.clock = clock;
    this.streams = streams;
  }

  // ---- Reading

  @Override
  public void get(GetRequest request, StreamObserver<GetResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var state = Answer.await(store.read());
          try {
            return found(state, request);
          } catch (Rejection rejection) {
            throw rejection.asStatus();
          }
        });
  }

  private GetResponse found(ClusterState state, GetRequest request) throws Rejection {
    var view = new ObjectView(state, peers.get());
    var object = Object.newBuilder();
    var response = GetResponse.newBuilder();
    switch (request.getKind()) {
      case OBJECT_KIND_NODE -> object.setNode(view.node(Lookup.node(state, request.getRef())));
      case OBJECT_KIND_SERVICE ->
          object.setService(ObjectView.service(Lookup.service(state, request.getRef())));
      case OBJECT_KIND_TASK -> {
        var task = Lookup.task(state, request.getRef());
        object.setTask(ObjectView.task(task));
        response.setTaskDetail(view.detail(task));
      }
      case OBJECT_KIND_CLUSTER -> object.setCluster(ObjectView.cluster(Lookup.cluster(state)));
      case OBJECT_KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw Rejection.invalid("cannot get an object of kind %d", request.getKindValue());
    }
    return response.setObject(object).setIndex(state.index()).build();
  }

  @Override
  public void explainService(
      ExplainServiceRequest request, StreamObserver<ExplainServiceResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var state = Answer.await(store.read());
          try {
            return ServiceExplanation.of(
                state, Lookup.service(state, request.getRef()), clock.instant());
          } catch (Rejection rejection) {
            throw rejection.asStatus();
          }
        });
  }

  @Override
  public void list(ListRequest request, StreamObserver<ListResponse> observer) {
    var stream = new ServerStream<>(observer, () -> {});
    stream(
        stream, () -> Listing.send(Answer.await(store.read()), request, peers.get(), stream::send));
  }

  @Override
  public void events(EventsRequest request, StreamObserver<Event> observer) {
    var stream = new ServerStream<>(observer, events::wake);
    stream(stream, () -> sendEvents(request, stream));
  }

  private void sendEvents(EventsRequest request, ServerStream<Event> stream)
      throws Rejection, StatusException, InterruptedException {
    var filter = new EventFilter(request);
    // What is said to happen from now on happens after what this leader knows to be committed.
    var cursor = cursor(request, Answer.await(store.read()).index());
    while (!stream.isCancelled()) {
      if (events.isClosed()) {
        throw stopping();
      }
      // What is kept is sent also when its time is over; then an empty batch ends the stream.
      var left = nanosUntil(filter.until());
      var batch = cursor.next(EVENTS_PER_BATCH, Math.min(left, EventLog.LOOK_NANOS));
      if (batch.isEmpty() && left <= 0) {
        return;
      }
      for (var event : batch) {
        if (filter.includes(event)) {
          stream.send(event);
        }
      }
    }
  }

  private EventLog.Cursor cursor(EventsRequest request, long now) throws Rejection {
    if (request.getAfterIndex() > 0) {
      return events.after(request.getAfterIndex());
    }
    return request.hasSince() ? events.fromOldest() : events.from(now);
  }

  private long nanosUntil(Instant end) {
    var left = Duration.between(clock.instant(), end.isBefore(FAR) ? end : FAR);
    if (left.isNegative()) {
      return 0;
    }
    return left.compareTo(DAY) < 0 ? left.toNanos() : DAY.toNanos();
  }

  @Override
  public void logs(LogsRequest request, StreamObserver<LogsResponse> observer) {
    logs.logs(request, observer);
  }

  @Override
  public void stats(StatsRequest request, StreamObserver<StatsResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var state = Answer.await(store.read());
          var view = new StatsView(state, stats.fresh(), ObjectView::taskName);
          try {
            return switch (request.getKind()) {
              case OBJECT_KIND_NODE -> view.of(Lookup.node(state, request.getRef()));
              case OBJECT_KIND_SERVICE -> view.of(Lookup.service(state, request.getRef()));
              case OBJECT_KIND_UNSPECIFIED -> view.ofCluster();
              case OBJECT_KIND_TASK, OBJECT_KIND_CLUSTER, UNRECOGNIZED ->
                  throw Rejection.invalid(
                      "there are no stats of kind %d: ask for a service, a node or nothing",
                      request.getKindValue());
            };
          } catch (Rejection rejection) {
            throw rejection.asStatus();
          }
        });
  }

  @FunctionalInterface
  private interface StreamWork {
    void send() throws Rejection, StatusException, InterruptedException;
  }

  private void stream(ServerStream<?> stream, StreamWork work) {
    streams.execute(
        Context.current()
            .wrap(
                () -> {
                  try {
                    work.send();
                    stream.complete();
                  } catch (Rejection rejection) {
                    stream.fail(rejection.asStatus());
                  } catch (StatusException failure) {
                    stream.fail(failure);
                  } catch (CancellationException gone) {
                    // Nobody is left to be told.
                  } catch (InterruptedException stopping) {
                    Thread.currentThread().interrupt();
                    stream.fail(stopping());
                  }
                }));
  }

  private static StatusException stopping() {
    return Status.UNAVAILABLE.withDescription("this manager is stopping").asException();
  }

  // ---- Changing

  @Override
  public void createService(
      CreateServiceRequest request, StreamObserver<CreateServiceResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var done = commit(new Mutation.CreateService(request, ids.next(), clock.instant()));
          return CreateServiceResponse.newBuilder()
              .setId(done.admitted().id())
              .addAllWarnings(done.admitted().warnings())
              .setIndex(done.index())
              .build();
        });
  }

  @Override
  public void updateService(
      UpdateServiceRequest request, StreamObserver<UpdateServiceResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var done = commit(new Mutation.UpdateService(request, clock.instant()));
          return UpdateServiceResponse.newBuilder()
              .setVersion(Version.newBuilder().setIndex(done.index()))
              .addAllWarnings(done.admitted().warnings())
              .build();
        });
  }

  @Override
  public void removeService(
      RemoveServiceRequest request, StreamObserver<RemoveServiceResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var done = commit(new Mutation.RemoveService(request));
          return RemoveServiceResponse.newBuilder().setIndex(done.index()).build();
        });
  }

  @Override
  public void updateNode(UpdateNodeRequest request, StreamObserver<UpdateNodeResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var done = commit(new Mutation.UpdateNode(request, clock.instant()));
          return UpdateNodeResponse.newBuilder()
              .setVersion(Version.newBuilder().setIndex(done.index()))
              .build();
        });
  }

  @Override
  public void removeNode(RemoveNodeRequest request, StreamObserver<RemoveNodeResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var done = commit(new Mutation.RemoveNode(request));
          return RemoveNodeResponse.newBuilder().setIndex(done.index()).build();
        });
  }

  @Override
  public void leadNode(LeadNodeRequest request, StreamObserver<LeadNodeResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var state = Answer.await(store.read());
          try {
            var node = Lookup.node(state, request.getRef());
            if (!node.hasManagerStatus()) {
              throw Rejection.precondition(
                  "node %s is not a manager: promote it first", request.getRef());
            }
            Answer.await(succession.to(node.getId()));
            return LeadNodeResponse.getDefaultInstance();
          } catch (Rejection rejection) {
            throw rejection.asStatus();
          }
        });
  }

  @Override
  public void updateCluster(
      UpdateClusterRequest request, StreamObserver<UpdateClusterResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var done = commit(new Mutation.UpdateCluster(request));
          try {
            return UpdateClusterResponse.newBuilder()
                .setCluster(ObjectView.cluster(Lookup.cluster(store.state())))
                .setIndex(done.index())
                .build();
          } catch (Rejection rejection) {
            throw rejection.asStatus();
          }
        });
  }

  @Override
  public void rearrange(RearrangeRequest request, StreamObserver<RearrangeResponse> observer) {
    Answer.to(
        observer,
        () -> {
          var id = ids.next();
          var now = clock.instant();
          if (!request.getDryRun()) {
            commit(new Mutation.Rearrange(request, id, now));
            return RearrangeAdmission.answer(store.state(), id);
          }
          try {
            return RearrangeAdmission.proposal(Answer.await(store.read()), request);
          } catch (Rejection rejection) {
            throw rejection.asStatus();
          }
        });
  }

  private Mutations.Done commit(Mutation mutation) throws StatusException, InterruptedException {
    return mutations.commit(mutation);
  }
}
