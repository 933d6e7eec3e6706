package dev.skein.api;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.CreateServiceResponse;
import dev.skein.proto.v1.Endpoint;
import dev.skein.proto.v1.Event;
import dev.skein.proto.v1.EventsRequest;
import dev.skein.proto.v1.Filter;
import dev.skein.proto.v1.GetRequest;
import dev.skein.proto.v1.GetResponse;
import dev.skein.proto.v1.ListRequest;
import dev.skein.proto.v1.ListResponse;
import dev.skein.proto.v1.LogLine;
import dev.skein.proto.v1.LogStream;
import dev.skein.proto.v1.LogsRequest;
import dev.skein.proto.v1.LogsResponse;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Object;
import dev.skein.proto.v1.RemoveNodeRequest;
import dev.skein.proto.v1.RemoveNodeResponse;
import dev.skein.proto.v1.RemoveServiceRequest;
import dev.skein.proto.v1.RemoveServiceResponse;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.ServiceStatus;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskDetail;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateClusterRequest;
import dev.skein.proto.v1.UpdateClusterResponse;
import dev.skein.proto.v1.UpdateNodeRequest;
import dev.skein.proto.v1.UpdateNodeResponse;
import dev.skein.proto.v1.UpdateServiceRequest;
import dev.skein.proto.v1.UpdateServiceResponse;
import dev.skein.proto.v1.Version;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The control API over maps, with tasks that run as soon as their service is there. It keeps the
/// contract's statuses and words, so that what the HTTP side makes of them can be seen.
final class FakeControl extends ControlGrpc.ControlImplBase {
  private static final Timestamp EPOCH = Timestamp.newBuilder().setSeconds(1_700_000_000).build();

  final Map<String, Node> nodes = new LinkedHashMap<>();
  final Map<String, Service> services = new LinkedHashMap<>();
  Cluster cluster = Cluster.getDefaultInstance();

  /// Completed when a log's reader has gone.
  final CompletableFuture<Boolean> logsCancelled = new CompletableFuture<>();

  /// Completed when a call came that is never answered, and when that was cancelled.
  final CompletableFuture<Boolean> getArrived = new CompletableFuture<>();

  final CompletableFuture<Boolean> getCancelled = new CompletableFuture<>();

  /// How many log messages the transport took so far.
  final AtomicLong logsSent = new AtomicLong();

  @Nullable Status refusal;
  boolean silent;
  boolean endlessLogs;
  int serviceNameCollisions;
  List<LogsResponse> logs = List.of();
  LogsRequest lastLogs = LogsRequest.getDefaultInstance();
  EventsRequest lastEvents = EventsRequest.getDefaultInstance();
  private final List<StreamObserver<Event>> watchers = new ArrayList<>();
  private long index = 10;

  @Override
  public synchronized void get(GetRequest request, StreamObserver<GetResponse> answer) {
    if (silent) {
      getArrived.complete(true);
      ((ServerCallStreamObserver<GetResponse>) answer)
          .setOnCancelHandler(() -> getCancelled.complete(true));
      return;
    }
    if (refused(answer)) {
      return;
    }
    var response = GetResponse.newBuilder();
    switch (request.getKind()) {
      case OBJECT_KIND_NODE -> {
        var found = node(request.getRef());
        if (found != null) {
          response.setObject(Object.newBuilder().setNode(found));
        }
      }
      case OBJECT_KIND_SERVICE -> {
        var found = service(request.getRef());
        if (found != null) {
          response.setObject(Object.newBuilder().setService(found));
        }
      }
      case OBJECT_KIND_TASK ->
          tasks().stream()
              .filter(task -> task.getId().equals(request.getRef()))
              .findFirst()
              .ifPresent(
                  task ->
                      response
                          .setObject(Object.newBuilder().setTask(task))
                          .setTaskDetail(detail(task)));
      case OBJECT_KIND_CLUSTER -> response.setObject(Object.newBuilder().setCluster(cluster));
      case OBJECT_KIND_UNSPECIFIED, UNRECOGNIZED -> throw new AssertionError(request);
    }
    if (response.hasObject()) {
      answer(answer, response.build());
    } else {
      var kind =
          request.getKind().name().substring("OBJECT_KIND_".length()).toLowerCase(Locale.ROOT);
      answer.onError(
          Status.NOT_FOUND
              .withDescription(kind + " " + request.getRef() + " not found")
              .asException());
    }
  }

  @Override
  public synchronized void list(ListRequest request, StreamObserver<ListResponse> answer) {
    if (silent || refused(answer)) {
      return;
    }
    for (var filter : request.getFiltersList()) {
      if (filter.getName().equals("foo")) {
        answer.onError(
            Status.INVALID_ARGUMENT.withDescription("invalid filter 'foo'").asException());
        return;
      }
    }
    // One object a page: the pages must be put together.
    switch (request.getKind()) {
      case OBJECT_KIND_NODE ->
          nodes.values().forEach(node -> answer.onNext(page(Object.newBuilder().setNode(node))));
      case OBJECT_KIND_SERVICE -> {
        for (var service : services.values()) {
          if (matches(request, "name", service.getSpec().getName())
              && matches(request, "id", service.getId())) {
            var page = page(Object.newBuilder().setService(service)).toBuilder();
            if (request.getWithStatus()) {
              var replicas = service.getSpec().getMode().getReplicated().getReplicas();
              page.addServiceStatuses(
                  ServiceStatus.newBuilder().setRunningTasks(replicas).setDesiredTasks(replicas));
            }
            answer.onNext(page.build());
          }
        }
      }
      case OBJECT_KIND_TASK -> {
        for (var task : tasks()) {
          if (matches(request, "service", task.getServiceId())
              && matches(request, "node", task.getNodeId())) {
            answer.onNext(
                page(Object.newBuilder().setTask(task)).toBuilder()
                    .addTaskDetails(detail(task))
                    .build());
          }
        }
      }
      case OBJECT_KIND_CLUSTER -> answer.onNext(page(Object.newBuilder().setCluster(cluster)));
      case OBJECT_KIND_UNSPECIFIED, UNRECOGNIZED -> throw new AssertionError(request);
    }
    answer.onCompleted();
  }

  private static boolean matches(ListRequest request, String name, String value) {
    return request.getFiltersList().stream()
        .filter(filter -> filter.getName().equals(name))
        .map(Filter::getValuesList)
        .allMatch(values -> values.stream().anyMatch(value::startsWith));
  }

  private static ListResponse page(Object.Builder object) {
    return ListResponse.newBuilder().addObjects(object).build();
  }

  @Override
  public synchronized void createService(
      CreateServiceRequest request, StreamObserver<CreateServiceResponse> answer) {
    if (refused(answer)) {
      return;
    }
    var name = request.getSpec().getName();
    if (service(name) != null || serviceNameCollisions-- > 0) {
      answer.onError(
          Status.ALREADY_EXISTS
              .withDescription("service " + name + " already exists")
              .asException());
      return;
    }
    var id = "svc" + ++index + "xxxxxxxxxxxxxxxxxxxx";
    services.put(
        id,
        Service.newBuilder()
            .setId(id)
            .setVersion(Version.newBuilder().setIndex(index))
            .setCreatedAt(EPOCH)
            .setUpdatedAt(EPOCH)
            .setSpec(request.getSpec())
            .setEndpoint(
                Endpoint.newBuilder()
                    .setSpec(request.getSpec().getEndpointSpec())
                    .addAllPorts(request.getSpec().getEndpointSpec().getPortsList()))
            .setSpecVersion(1)
            .build());
    answer(answer, CreateServiceResponse.newBuilder().setId(id).build());
  }

  @Override
  public synchronized void updateService(
      UpdateServiceRequest request, StreamObserver<UpdateServiceResponse> answer) {
    var service = service(request.getRef());
    if (service == null) {
      answer.onError(Status.NOT_FOUND.withDescription("service not found").asException());
    } else if (!service.getVersion().equals(request.getVersion())) {
      answer.onError(Status.ABORTED.withDescription("update out of sequence").asException());
    } else {
      var spec = request.getRollback() ? service.getPreviousSpec() : request.getSpec();
      var updated =
          service.toBuilder()
              .setPreviousSpec(service.getSpec())
              .setSpec(spec)
              .setVersion(Version.newBuilder().setIndex(++index))
              .build();
      services.put(service.getId(), updated);
      answer(answer, UpdateServiceResponse.newBuilder().setVersion(updated.getVersion()).build());
    }
  }

  @Override
  public synchronized void removeService(
      RemoveServiceRequest request, StreamObserver<RemoveServiceResponse> answer) {
    var service = service(request.getRef());
    if (service == null) {
      answer.onError(
          Status.NOT_FOUND
              .withDescription("service " + request.getRef() + " not found")
              .asException());
      return;
    }
    services.remove(service.getId());
    answer(answer, RemoveServiceResponse.getDefaultInstance());
  }

  @Override
  public synchronized void updateNode(
      UpdateNodeRequest request, StreamObserver<UpdateNodeResponse> answer) {
    var node = node(request.getRef());
    if (node == null || !node.getVersion().equals(request.getVersion())) {
      answer.onError(Status.ABORTED.withDescription("update out of sequence").asException());
      return;
    }
    var version = Version.newBuilder().setIndex(++index);
    nodes.put(
        node.getId(), node.toBuilder().setSpec(request.getSpec()).setVersion(version).build());
    answer(answer, UpdateNodeResponse.newBuilder().setVersion(version).build());
  }

  @Override
  public synchronized void removeNode(
      RemoveNodeRequest request, StreamObserver<RemoveNodeResponse> answer) {
    var node = node(request.getRef());
    if (node != null && node.hasManagerStatus()) {
      answer.onError(
          Status.FAILED_PRECONDITION
              .withDescription("node " + node.getId() + " is a manager: demote it first")
              .asException());
      return;
    }
    nodes.remove(node == null ? "" : node.getId());
    answer(answer, RemoveNodeResponse.getDefaultInstance());
  }

  @Override
  public synchronized void updateCluster(
      UpdateClusterRequest request, StreamObserver<UpdateClusterResponse> answer) {
    var updated = cluster.toBuilder().setSpec(request.getSpec());
    updated.setVersion(Version.newBuilder().setIndex(++index));
    if (request.getRotateWorkerToken()) {
      updated.getJoinTokensBuilder().setWorker("SWMTKN-1-digest-rotated");
    }
    cluster = updated.build();
    answer(answer, UpdateClusterResponse.newBuilder().setCluster(cluster).build());
  }

  @Override
  public void logs(LogsRequest request, StreamObserver<LogsResponse> answer) {
    lastLogs = request;
    var observer = (ServerCallStreamObserver<LogsResponse>) answer;
    observer.setOnCancelHandler(() -> logsCancelled.complete(true));
    if (service(request.getRef()) == null) {
      answer.onError(
          Status.NOT_FOUND
              .withDescription("service " + request.getRef() + " not found")
              .asException());
    } else if (endlessLogs) {
      observer.setOnReadyHandler(
          () -> {
            while (observer.isReady()) {
              observer.onNext(line("x".repeat(8 << 10)));
              logsSent.incrementAndGet();
            }
          });
    } else {
      logs.forEach(answer::onNext);
      if (!request.getOptions().getFollow()) {
        answer.onCompleted();
      }
    }
  }

  static LogsResponse line(String text) {
    return LogsResponse.newBuilder()
        .addLines(
            LogLine.newBuilder()
                .setTaskId("t1")
                .setTaskName("web.1")
                .setNodeId("n1")
                .setServiceId("s1")
                .setStream(LogStream.LOG_STREAM_STDOUT)
                .setTimestamp(EPOCH)
                .setLine(ByteString.copyFromUtf8(text)))
        .build();
  }

  @Override
  public synchronized void events(EventsRequest request, StreamObserver<Event> answer) {
    lastEvents = request;
    if (refused(answer)) {
      return;
    }
    if (request.hasUntil()) {
      answer.onCompleted();
    } else {
      watchers.add(answer);
    }
  }

  /// Sends an event to every watcher; false while there is none.
  synchronized boolean emit(Event event) {
    watchers.forEach(watcher -> watcher.onNext(event));
    return !watchers.isEmpty();
  }

  /// The spec of a service by its id, which must be there.
  synchronized ServiceSpec spec(String id) {
    var service = services.get(id);
    if (service == null) {
      throw new AssertionError("no service " + id);
    }
    return service.getSpec();
  }

  private boolean refused(StreamObserver<?> answer) {
    if (refusal == null) {
      return false;
    }
    answer.onError(refusal.asException());
    return true;
  }

  private @Nullable Node node(String ref) {
    return nodes.values().stream()
        .filter(node -> node.getId().equals(ref) || node.getDescription().getHostname().equals(ref))
        .findFirst()
        .orElse(null);
  }

  private synchronized @Nullable Service service(String ref) {
    return services.values().stream()
        .filter(service -> service.getId().equals(ref) || service.getSpec().getName().equals(ref))
        .findFirst()
        .orElse(null);
  }

  private List<Task> tasks() {
    var tasks = new ArrayList<Task>();
    for (var service : services.values()) {
      var mode = service.getSpec().getMode();
      var tasksWanted =
          mode.hasReplicatedJob()
              ? mode.getReplicatedJob().getTotalCompletions()
              : mode.getReplicated().getReplicas();
      for (var slot = 1; slot <= tasksWanted; slot++) {
        var task =
            Task.newBuilder()
                .setId("tsk" + slot + service.getId().substring(3))
                .setVersion(service.getVersion())
                .setCreatedAt(EPOCH)
                .setUpdatedAt(EPOCH)
                .setServiceId(service.getId())
                .setSlot(slot)
                .setNodeId(nodes.keySet().iterator().next())
                .setDesiredState(TaskState.TASK_STATE_RUNNING);
        if (mode.hasReplicatedJob()) {
          task.setJobIteration(Version.getDefaultInstance());
        }
        task.getStatusBuilder()
            .setState(TaskState.TASK_STATE_RUNNING)
            .setTimestamp(EPOCH)
            .setMessage("started")
            .getContainerStatusBuilder()
            .setPid(4711);
        tasks.add(task.build());
      }
    }
    return tasks;
  }

  private TaskDetail detail(Task task) {
    var spec = services.getOrDefault(task.getServiceId(), Service.getDefaultInstance()).getSpec();
    return TaskDetail.newBuilder()
        .setSpec(spec.getTaskTemplate())
        .setServiceName(spec.getName())
        .build();
  }

  private static <T> void answer(StreamObserver<T> answer, T message) {
    answer.onNext(message);
    answer.onCompleted();
  }
}
