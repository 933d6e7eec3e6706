package dev.skein.worker.agent;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.worker.runtime.Exit;
import dev.skein.worker.runtime.RunningTask;
import dev.skein.worker.runtime.RuntimeRejection;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.TaskSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Does for tasks what their machines ask: everything here may block, runs on threads of the
/// executor's, and answers with an event. Thread-safe; at most one operation of a task at a time,
/// which is the machine's promise.
final class TaskRunner {

  private static final Logger LOG = LoggerFactory.getLogger(TaskRunner.class);

  private final Map<String, TaskRuntime> runtimes;
  private final TaskPorts ports;
  private final String hostname;
  private final Executor blocking;
  private final Prober prober;
  private final BiConsumer<String, TaskEvent> events;
  private final List<RunningTask> found = new ArrayList<>();
  private final Map<String, TaskPorts.Given> given = new ConcurrentHashMap<>();

  /// What was found running: the task as far as the runtime's own notes tell, and its process.
  record Adopted(WorkerTask task, TaskEvent.Started started) {}

  /// @param runtimes by the name that a task template uses
  /// @param events takes what happened to a task, on any thread
  TaskRunner(
      Map<String, TaskRuntime> runtimes,
      TaskPorts ports,
      String hostname,
      Executor blocking,
      Prober prober,
      BiConsumer<String, TaskEvent> events) {
    this.runtimes = Map.copyOf(runtimes);
    this.ports = ports;
    this.hostname = hostname;
    this.blocking = blocking;
    this.prober = prober;
    this.events = events;
  }

  /// Does one thing for a task.
  void run(WorkerTask task, TaskEffect effect) {
    blocking.execute(
        () -> {
          switch (effect) {
            case PREPARE -> prepare(task);
            case START -> start(task);
            case PROBE -> probe(task);
            case STOP -> stop(task);
            case REMOVE -> remove(task);
          }
        });
  }

  /// The runtime of a task, or null when the node has none of that name.
  @Nullable TaskRuntime runtimeOf(WorkerTask task) {
    var name = task.spec().getRuntime();
    return runtimes.get(name.isEmpty() ? "container" : name);
  }

  private TaskRuntime runtime(WorkerTask task) throws RuntimeRejection {
    var runtime = runtimeOf(task);
    if (runtime == null) {
      var name = task.spec().getRuntime();
      throw new RuntimeRejection(
          "this node has no runtime \"%s\"; it has %s"
              .formatted(name.isEmpty() ? "container" : name, runtimes.keySet()));
    }
    return runtime;
  }

  private void prepare(WorkerTask task) {
    try {
      // A port of the node itself may still be another task's, which this one replaces.
      var early = hasHostPort(task) ? expected(task) : attach(task);
      runtime(task).prepare(spec(task, early));
      events.accept(task.id(), new TaskEvent.Prepared());
    } catch (RuntimeRejection | IOException e) {
      detach(task.id());
      events.accept(task.id(), new TaskEvent.PrepareFailed(reason(e)));
    }
  }

  private void start(WorkerTask task) {
    try {
      var attached = attach(task);
      var running = runtime(task).start(spec(task, attached));
      events.accept(
          task.id(), new TaskEvent.Started(Math.toIntExact(running.pid()), attached.ports()));
      watch(running);
    } catch (RuntimeRejection | IOException e) {
      detach(task.id());
      events.accept(task.id(), new TaskEvent.StartFailed(reason(e)));
    }
  }

  private TaskSpec spec(WorkerTask task, TaskPorts.Given attached) throws RuntimeRejection {
    return TaskSpecs.of(
        task,
        TaskEnvironment.of(task.assignment(), hostname, attached.environment()),
        withPorts(task.assignment(), attached.ports()));
  }

  private TaskPorts.Given attach(WorkerTask task) throws IOException {
    var before = given.get(task.id());
    if (before != null) {
      return before;
    }
    var attached = ports.attach(task.id(), task.assignment().getPortsList());
    given.put(task.id(), attached);
    return attached;
  }

  /// Takes the ports back of a task that runs no more, or never will.
  void detach(String taskId) {
    given.remove(taskId);
    ports.detach(taskId);
  }

  private static boolean hasHostPort(WorkerTask task) {
    return task.assignment().getPortsList().stream()
        .anyMatch(port -> port.getPublishMode() == PublishMode.PUBLISH_MODE_HOST);
  }

  /// What a task with ports of the node itself is going to get: those ports.
  private static TaskPorts.Given expected(WorkerTask task) {
    var host =
        task.assignment().getPortsList().stream()
            .filter(port -> port.getPublishMode() == PublishMode.PUBLISH_MODE_HOST)
            .toList();
    return new TaskPorts.Given(host, Map.of());
  }

  /// The assignment as the runtime keeps it: with the ports that the task was given.
  private static AssignedTask withPorts(AssignedTask assigned, List<PortConfig> given) {
    var task = assigned.getTask();
    var status = task.getStatus().toBuilder().clearPorts().addAllPorts(given);
    return assigned.toBuilder().setTask(task.toBuilder().setStatus(status)).build();
  }

  private void watch(RunningTask running) {
    // The stage only posts an event; nobody has to wait for it.
    var _ = running.exit().thenAccept(exit -> ended(running.id(), exit));
  }

  private void ended(String taskId, Exit exit) {
    detach(taskId);
    events.accept(taskId, new TaskEvent.Exited(exit.code(), exit.success() ? "" : exit.message()));
  }

  private void probe(WorkerTask task) {
    try {
      events.accept(task.id(), prober.probe(task, runtime(task)));
    } catch (RuntimeRejection e) {
      events.accept(task.id(), new TaskEvent.Probed(false, reason(e)));
    } catch (InterruptedException e) {
      // The agent is going away; the next one probes anew.
      Thread.currentThread().interrupt();
    }
  }

  private void stop(WorkerTask task) {
    try {
      var runtime = runtime(task);
      // Its exit is what the watcher hears as well; whoever comes first is taken.
      var _ =
          runtime
              .stop(task.id(), signalFor(task), task.stopGrace())
              .whenComplete(
                  (exit, failure) -> {
                    if (failure == null) {
                      ended(task.id(), exit);
                    } else {
                      events.accept(
                          task.id(), new TaskEvent.StopFailed(reason(unwrapped(failure))));
                    }
                  });
    } catch (RuntimeRejection e) {
      events.accept(task.id(), new TaskEvent.StopFailed(reason(e)));
    }
  }

  private static Signal signalFor(WorkerTask task) {
    try {
      return TaskSpecs.stopSignal(task);
    } catch (RuntimeRejection e) {
      // It was refused before the task started; a task that runs all the same must still end.
      LOG.warn("task {}: {}; SIGTERM is sent instead", task.id(), e.getMessage());
      return Signal.TERM;
    }
  }

  private void remove(WorkerTask task) {
    try {
      var runtime = runtimeOf(task);
      if (runtime != null) {
        runtime.remove(task.id());
      }
      detach(task.id());
      events.accept(task.id(), new TaskEvent.Removed());
    } catch (IOException e) {
      events.accept(task.id(), new TaskEvent.RemoveFailed(reason(e)));
    }
  }

  private static Throwable unwrapped(Throwable failure) {
    var cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }

  private static String reason(Throwable failure) {
    var message = failure.getMessage();
    return message == null || message.isEmpty() ? failure.toString() : message;
  }

  /// Takes over what earlier agents left running or ended. Called once, before anything else.
  Map<String, Adopted> adopt() throws IOException {
    var adopted = new LinkedHashMap<String, Adopted>();
    for (var runtime : runtimes.values()) {
      for (var running : runtime.adopt().values()) {
        found.add(running);
        var assigned = noted(runtime.name(), running);
        var given = assigned.getTask().getStatus().getPortsList();
        if (!running.exit().isDone()) {
          ports.adopt(running.id(), given);
        }
        adopted.put(
            running.id(),
            new Adopted(
                task(assigned), new TaskEvent.Started(Math.toIntExact(running.pid()), given)));
      }
    }
    return adopted;
  }

  /// Hears of the exits of what was adopted, once the core knows the tasks.
  void watchAdopted() {
    found.forEach(this::watch);
    found.clear();
  }

  private static AssignedTask noted(String runtime, RunningTask running) {
    try {
      var assigned = AssignedTask.parseFrom(running.spec().metadata().toBytes());
      if (assigned.getTask().getId().equals(running.id())) {
        return assigned;
      }
    } catch (InvalidProtocolBufferException e) {
      LOG.warn(
          "task {} (process {}) runs, but what was noted of it can't be read: {}. It is kept until"
              + " the managers say what it is",
          running.id(),
          running.pid(),
          e.getMessage());
    }
    var bare = AssignedTask.newBuilder().setTask(Task.newBuilder().setId(running.id()));
    bare.getSpecBuilder().setRuntime(runtime);
    return bare.build();
  }

  private static WorkerTask task(AssignedTask assigned) {
    // It was ready, or it would not have been started.
    var status =
        TaskStatus.newBuilder(assigned.getTask().getStatus())
            .setState(TaskState.TASK_STATE_READY)
            .build();
    return WorkerTask.idle(assigned, status, TaskState.TASK_STATE_RUNNING);
  }
}
