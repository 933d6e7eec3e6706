package dev.skein.manager.dispatch.log;

import com.google.protobuf.Timestamp;
import dev.skein.manager.dispatch.DispatchListener;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.LogOptions;
import dev.skein.proto.v1.LogSubscription;
import dev.skein.proto.v1.LogUnsubscription;
import dev.skein.proto.v1.LogsRequest;
import dev.skein.proto.v1.LogsResponse;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.PublishLogsMessage;
import dev.skein.proto.v1.PublishLogsResponse;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.ClusterStore;
import dev.skein.state.Commit;
import dev.skein.state.IdSource;
import dev.skein.state.ObjectChange;
import dev.skein.state.Resync;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import dev.skein.state.WatchEvent;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/// Brings the logs of services and tasks together on the leader.
///
/// Each request asks every node that has tasks of it; what a node can't give becomes a warning
/// instead of silence. A follower also gets tasks and nodes that appear later. The bookkeeping
/// runs on the dispatcher's thread; lines pass by it, from the agents' streams straight to the
/// client.
public final class LogBroker implements DispatchListener {

  /// Requests at once. One more is refused.
  public static final int REQUESTS_MAX = 200;

  /// How long a node may take to begin publishing.
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private final IdSource ids;
  private final InstantSource clock;
  // Owned by the dispatcher's thread; renewed with each leadership.
  private final Set<Request> requests = new HashSet<>();
  private final Map<String, Subscription> subscriptions = new HashMap<>();
  private @Nullable ClusterState state;
  private volatile @Nullable Leadership leadership;

  /// What a leadership gives: its thread, and the way to its nodes.
  private record Leadership(
      ClusterStore store, Executor loop, BiPredicate<String, DispatcherMessage> send) {}

  /// One call of a client.
  private static final class Request {
    private final LogsRequest asked;
    private final LogClient client;
    private final String serviceId;
    private final String taskId;
    private final Set<String> known = new HashSet<>();
    private final Set<Subscription> open = new HashSet<>();
    // Where a follower goes on when a node comes back.
    private final Map<String, Timestamp> seenOfNode = new HashMap<>();

    private Request(LogsRequest asked, LogClient client, String serviceId, String taskId) {
      this.asked = asked;
      this.client = client;
      this.serviceId = serviceId;
      this.taskId = taskId;
    }

    private boolean wants(Task task) {
      return taskId.isEmpty() ? task.getServiceId().equals(serviceId) : task.getId().equals(taskId);
    }

    private boolean follows() {
      return asked.getOptions().getFollow();
    }
  }

  /// What one node was asked for one request.
  private static final class Subscription {
    private final String id;
    private final Request request;
    private final String nodeId;
    private final Map<String, LogSource> sources = new HashMap<>();
    private final Instant deadline;
    private boolean publishing;
    private volatile @Nullable Timestamp last;

    private Subscription(String id, Request request, String nodeId, Instant deadline) {
      this.id = id;
      this.request = request;
      this.nodeId = nodeId;
      this.deadline = deadline;
    }
  }

  /// @param ids makes subscription ids
  public LogBroker(IdSource ids, InstantSource clock) {
    this.ids = ids;
    this.clock = clock;
  }

  /// Begins a leadership, before its thread runs.
  public void begin(
      ClusterStore store, Executor loop, BiPredicate<String, DispatcherMessage> send) {
    state = null;
    requests.clear();
    subscriptions.clear();
    leadership = new Leadership(store, loop, send);
  }

  /// Answers Control.Logs. The caller has made sure that this manager leads.
  public void logs(LogsRequest asked, StreamObserver<LogsResponse> observer) {
    var out = (ServerCallStreamObserver<LogsResponse>) observer;
    var current = leadership;
    if (current == null) {
      out.onError(
          Status.UNAVAILABLE.withDescription("this manager does not lead").asRuntimeException());
      return;
    }
    if (!asked.getOptions().getStdout() && !asked.getOptions().getStderr()) {
      out.onError(
          Status.INVALID_ARGUMENT
              .withDescription("choose stdout, stderr or both of the logs")
              .asRuntimeException());
      return;
    }
    var now = current.store.state();
    var service = LogTarget.service(now, asked);
    var task = service == null ? LogTarget.task(now, asked) : null;
    if (service == null && task == null) {
      out.onError(
          Status.NOT_FOUND
              .withDescription(
                  "%s %s not found"
                      .formatted(
                          asked.getKind() == ObjectKind.OBJECT_KIND_TASK ? "task" : "service",
                          asked.getRef()))
              .asRuntimeException());
      return;
    }
    var client = new LogClient(out);
    var request =
        new Request(
            asked,
            client,
            service == null ? "" : service.getId(),
            task == null ? "" : task.getId());
    out.setOnCancelHandler(() -> current.loop.execute(() -> forget(current, request)));
    current.loop.execute(() -> open(current, request, now));
  }

  private void open(Leadership current, Request request, ClusterState asSeen) {
    if (requests.size() == REQUESTS_MAX) {
      request.client.fail(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "%d log requests are open already, the limit".formatted(REQUESTS_MAX)));
      return;
    }
    var now = state != null && state.index() > asSeen.index() ? state : asSeen;
    requests.add(request);
    var tasks = new ArrayList<Task>();
    if (!request.taskId.isEmpty()) {
      var task = now.task(request.taskId);
      if (task != null) {
        tasks.add(task);
      }
    } else {
      tasks.addAll(now.tasksOfService(request.serviceId));
    }
    subscribe(current, now, request, tasks, false);
    endIfDone(request);
  }

  /// Asks the nodes of these tasks, but for tasks that were asked for already.
  ///
  /// @param later whether the client was already served: it wants all that is new, not a tail
  private void subscribe(
      Leadership current, ClusterState now, Request request, List<Task> tasks, boolean later) {
    var byNode = new TreeMap<String, List<Task>>();
    for (var task : tasks) {
      if (hasLogs(task) && request.known.add(task.getId())) {
        byNode.computeIfAbsent(task.getNodeId(), ignored -> new ArrayList<>()).add(task);
      }
    }
    for (var entry : byNode.entrySet()) {
      var subscription =
          new Subscription(ids.next(), request, entry.getKey(), clock.instant().plus(PATIENCE));
      for (var task : entry.getValue()) {
        subscription.sources.put(task.getId(), LogSource.of(now, task));
      }
      var message =
          LogSubscription.newBuilder()
              .setSubscriptionId(subscription.id)
              .setOptions(options(request, entry.getKey(), later));
      entry.getValue().forEach(task -> message.addTaskIds(task.getId()));
      var sent =
          current.send.test(
              entry.getKey(), DispatcherMessage.newBuilder().setLogSubscription(message).build());
      if (sent) {
        subscriptions.put(subscription.id, subscription);
        request.open.add(subscription);
      } else {
        request.client.warn(
            "node %s is not connected: the logs of %s are missing"
                .formatted(nodeName(now, entry.getKey()), count(entry.getValue().size())));
        // A follower gets them when the node is back.
        entry.getValue().forEach(task -> request.known.remove(task.getId()));
      }
    }
  }

  private static LogOptions options(Request request, String nodeId, boolean later) {
    var options = request.asked.getOptions().toBuilder();
    if (later) {
      options.setTail(-1);
      var seen = request.seenOfNode.get(nodeId);
      if (seen != null) {
        options.setSince(Times.timestamp(Times.instant(seen).plusNanos(1)));
      }
    }
    return options.build();
  }

  private static boolean hasLogs(Task task) {
    return !task.getNodeId().isEmpty()
        && !TaskStates.isBefore(task.getStatus().getState(), TaskState.TASK_STATE_ASSIGNED);
  }

  private static String count(int tasks) {
    return tasks == 1 ? "1 task" : tasks + " tasks";
  }

  private static String nodeName(ClusterState state, String nodeId) {
    var node = state.node(nodeId);
    var hostname = node == null ? "" : node.getDescription().getHostname();
    return hostname.isEmpty() ? nodeId : hostname;
  }

  // ---- What agents publish

  /// Takes one agent's stream of one subscription.
  ///
  /// @param nodeId the node of the caller's certificate
  public StreamObserver<PublishLogsMessage> publish(
      String nodeId, ServerCallStreamObserver<PublishLogsResponse> out) {
    var current = leadership;
    out.disableAutoRequest();
    out.request(1);
    return new Publication(current, nodeId, out);
  }

  private final class Publication implements StreamObserver<PublishLogsMessage> {
    private final @Nullable Leadership current;
    private final String nodeId;
    private final ServerCallStreamObserver<PublishLogsResponse> out;
    // Written on the dispatcher's thread before any message is passed on, read on the stream's.
    private volatile @Nullable Subscription subscription;

    private Publication(
        @Nullable Leadership current,
        String nodeId,
        ServerCallStreamObserver<PublishLogsResponse> out) {
      this.current = current;
      this.nodeId = nodeId;
      this.out = out;
    }

    @Override
    public void onNext(PublishLogsMessage message) {
      var known = subscription;
      if (known != null) {
        pass(known, message);
      } else if (current != null) {
        current.loop.execute(() -> claim(message));
      }
    }

    private void claim(PublishLogsMessage message) {
      var claimed = subscriptions.get(message.getSubscriptionId());
      if (claimed == null) {
        refuse(Status.NOT_FOUND.withDescription("nobody asks for these logs any more"));
      } else if (!claimed.nodeId.equals(nodeId)) {
        refuse(Status.PERMISSION_DENIED.withDescription("another node was asked for these logs"));
      } else {
        claimed.publishing = true;
        subscription = claimed;
        pass(claimed, message);
      }
    }

    private void pass(Subscription claimed, PublishLogsMessage message) {
      var response = LogsResponse.newBuilder();
      for (var line : message.getLinesList()) {
        var source = claimed.sources.get(line.getTaskId());
        if (source == null) {
          refuse(Status.PERMISSION_DENIED.withDescription("not a task that was asked for"));
          return;
        }
        claimed.last = line.getTimestamp();
        response.addLines(source.name(line, nodeId));
      }
      if (!message.getWarning().isEmpty()) {
        response.setWarning(message.getWarning());
      }
      if (response.getLinesCount() == 0 && response.getWarning().isEmpty()) {
        out.request(1);
      } else {
        claimed.request.client.send(response.build(), () -> out.request(1));
      }
    }

    private void refuse(Status status) {
      out.onError(status.asRuntimeException());
    }

    @Override
    public void onError(Throwable broken) {
      finish(true);
    }

    @Override
    public void onCompleted() {
      out.onNext(PublishLogsResponse.getDefaultInstance());
      out.onCompleted();
      finish(false);
    }

    private void finish(boolean broken) {
      if (current != null) {
        current.loop.execute(
            () -> {
              var ended = subscription;
              if (ended != null && subscriptions.containsKey(ended.id)) {
                if (broken) {
                  lost(ended, "was lost");
                } else {
                  close(ended);
                }
              }
            });
      }
    }
  }

  // ---- The bookkeeping, on the dispatcher's thread

  private void close(Subscription ended) {
    subscriptions.remove(ended.id);
    if (ended.request.open.remove(ended)) {
      endIfDone(ended.request);
    }
  }

  private void endIfDone(Request request) {
    if (request.open.isEmpty() && requests.contains(request) && !mayGrow(request)) {
      requests.remove(request);
      request.client.complete();
    }
  }

  /// Whether a follower can still get more.
  private boolean mayGrow(Request request) {
    if (!request.follows()) {
      return false;
    }
    var now = state;
    if (now == null || request.taskId.isEmpty()) {
      return now == null || now.service(request.serviceId) != null;
    }
    var task = now.task(request.taskId);
    return task != null && !TaskStates.isTerminal(task.getStatus().getState());
  }

  private void forget(Leadership current, Request request) {
    if (!requests.remove(request)) {
      return;
    }
    request.client.abandon();
    for (var subscription : request.open) {
      subscriptions.remove(subscription.id);
      // A node without a session has stopped publishing already.
      var _ =
          current.send.test(
              subscription.nodeId,
              DispatcherMessage.newBuilder()
                  .setLogUnsubscription(
                      LogUnsubscription.newBuilder().setSubscriptionId(subscription.id))
                  .build());
    }
    request.open.clear();
  }

  @Override
  public void sessionOpened(String nodeId) {
    var current = leadership;
    var now = state;
    if (current == null || now == null) {
      return;
    }
    for (var request : List.copyOf(requests)) {
      if (request.follows()) {
        var tasks = now.tasksOfNode(nodeId).stream().filter(request::wants).toList();
        subscribe(current, now, request, tasks, true);
      }
    }
  }

  @Override
  public void sessionClosed(String nodeId) {
    for (var subscription : List.copyOf(subscriptions.values())) {
      // One that publishes has its own stream, which ends by itself.
      if (subscription.nodeId.equals(nodeId) && !subscription.publishing) {
        lost(subscription, "was lost");
      }
    }
  }

  private void lost(Subscription subscription, String how) {
    var now = state;
    subscription.request.client.warn(
        "node %s %s: the logs of %s are missing"
            .formatted(
                now == null ? subscription.nodeId : nodeName(now, subscription.nodeId),
                how,
                count(subscription.sources.size())));
    subscription.request.known.removeAll(subscription.sources.keySet());
    var last = subscription.last;
    if (last != null) {
      subscription.request.seenOfNode.put(subscription.nodeId, last);
    }
    close(subscription);
  }

  @Override
  public void changed(WatchEvent event) {
    state = event.after();
    var current = leadership;
    if (current == null || requests.isEmpty()) {
      return;
    }
    var appeared = new LinkedHashMap<String, List<Task>>();
    switch (event) {
      case Commit commit -> {
        for (var change : commit.changes()) {
          if (change instanceof ObjectChange.OfTask(var ignored, var after)
              && after != null
              && hasLogs(after)) {
            appeared.computeIfAbsent(after.getServiceId(), id -> new ArrayList<>()).add(after);
          }
        }
      }
      case Resync resync -> {
        for (var request : requests) {
          appeared.put(
              request.serviceId, List.copyOf(resync.after().tasksOfService(request.serviceId)));
        }
      }
    }
    for (var request : List.copyOf(requests)) {
      var tasks = request.follows() ? appeared.get(request.serviceId) : null;
      if (tasks != null) {
        subscribe(current, event.after(), request, tasks, true);
      }
      endIfDone(request);
    }
  }

  @Override
  public void tick(Instant now) {
    for (var subscription : List.copyOf(subscriptions.values())) {
      if (!subscription.publishing && !now.isBefore(subscription.deadline)) {
        lost(subscription, "did not answer");
      }
    }
  }

  @Override
  public @Nullable Instant wakeAt() {
    Instant earliest = null;
    for (var subscription : subscriptions.values()) {
      if (!subscription.publishing
          && (earliest == null || subscription.deadline.isBefore(earliest))) {
        earliest = subscription.deadline;
      }
    }
    return earliest;
  }

  @Override
  public void ended() {
    leadership = null;
    for (var request : requests) {
      request.client.fail(
          Status.UNAVAILABLE.withDescription("the leader changed; ask again for the logs"));
    }
    requests.clear();
    subscriptions.clear();
  }
}
