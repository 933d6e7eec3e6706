package dev.skein.worker.agent;

import dev.skein.proto.v1.AgentHello;
import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.Assignments;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.MeshDrained;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.MeshUpdate;
import dev.skein.proto.v1.MeshWaiting;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.SessionAccepted;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatusReport;
import dev.skein.proto.v1.TaskStatusUpdate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All that a worker's agent decides: `(events, now)` to effects. It has no thread, no clock and
/// does no I/O, so it runs in a simulator as it does on a node.
///
/// Cut off from the managers it keeps its tasks and its mesh on what it last knew. Not
/// thread-safe: one thread owns it.
public final class AgentCore {

  /// Tasks on one node, ended ones that the managers still list included. More are refused.
  public static final int TASKS_MAX = 10_000;

  private final TreeMap<String, WorkerTask> tasks = new TreeMap<>();
  private final Set<String> timed = new HashSet<>();
  private final StatusReports reports = new StatusReports();
  private final MeshView mesh;
  private final List<AgentEffect> effects = new ArrayList<>();
  private boolean accepted;
  private boolean refused;
  private boolean stopping;
  private boolean meshChanged;
  private String sessionId = "";
  private long appliedSequence;

  /// @param knownMesh the mesh's table as last written down
  public AgentCore(List<MeshService> knownMesh) {
    mesh = new MeshView(knownMesh);
    meshChanged = !knownMesh.isEmpty();
  }

  /// Takes over what an earlier agent left; before any event.
  ///
  /// @param known tasks as they were written down, or made from what the runtime keeps with each
  /// @param running what the runtime has, by task id
  public List<AgentEffect> recover(
      Collection<WorkerTask> known, Map<String, TaskEvent.Started> running, Instant now) {
    for (var task : known) {
      var step = TaskMachine.recovered(task, running.get(task.id()), now);
      keep(null, step, now);
      if (!task.gone()) {
        // What was acknowledged is not written down, so everything is said once more.
        reports.changed(task.id(), step.task().status());
      }
    }
    return finish(now);
  }

  /// The first message of a new session.
  ///
  /// @param description what this node is
  /// @param addr host without port that others reach this node at
  public AgentHello hello(NodeDescription description, String addr) {
    var hello =
        AgentHello.newBuilder()
            .setDescription(description)
            .setAddr(addr)
            .setDispatcherSession(sessionId)
            .setAppliedSequence(appliedSequence);
    for (var task : tasks.values()) {
      if (!task.gone()) {
        hello.addTasks(TaskStatusUpdate.newBuilder().setTaskId(task.id()).setStatus(task.status()));
      }
    }
    return hello.build();
  }

  /// Takes one event in.
  public List<AgentEffect> on(AgentEvent event, Instant now) {
    return on(List.of(event), now);
  }

  /// Takes events in, in order; statuses that they change are reported together.
  public List<AgentEffect> on(List<AgentEvent> events, Instant now) {
    for (var event : events) {
      absorb(event, now);
    }
    return finish(now);
  }

  /// When the core wants a [AgentEvent.Tick] at the latest; null when only an event can change
  /// anything.
  public @Nullable Instant wakeAt() {
    var earliest = accepted ? reports.dueAt() : null;
    for (var id : timed) {
      var task = tasks.get(id);
      var due = task == null ? null : task.wakeAt();
      if (due != null && (earliest == null || due.isBefore(earliest))) {
        earliest = due;
      }
    }
    return earliest;
  }

  /// The node's tasks by id; for display and tests.
  public Map<String, WorkerTask> tasks() {
    return Collections.unmodifiableMap(tasks);
  }

  /// Whether nothing runs here any more and the managers know it, if they want to.
  public boolean isQuiet() {
    return (refused || reports.isEmpty())
        && tasks.values().stream().allMatch(task -> TaskStates.isTerminal(task.state()));
  }

  private void absorb(AgentEvent event, Instant now) {
    switch (event) {
      case AgentEvent.FromManager(var message) -> fromManager(message, now);
      case AgentEvent.Disconnected() -> {
        accepted = false;
        reports.disconnected();
      }
      case AgentEvent.Refused() -> refused = true;
      case AgentEvent.OfTask(var id, var taskEvent) -> ofTask(id, taskEvent, now);
      case AgentEvent.MeshLetGo(var id) -> {
        if (mesh.letGo(id) && accepted) {
          sendLetGo(List.of(id));
        }
      }
      case AgentEvent.MeshWaits(var id) -> {
        // Lost without a session: what waits is in every measurement as well.
        if (accepted) {
          send(
              AgentMessage.newBuilder()
                  .setMeshWaiting(MeshWaiting.newBuilder().addServiceIds(id))
                  .build());
        }
      }
      case AgentEvent.Measured(var stats) -> {
        if (accepted) {
          send(AgentMessage.newBuilder().setStats(stats).build());
        }
      }
      case AgentEvent.Described(var description) -> {
        if (accepted) {
          send(AgentMessage.newBuilder().setDescription(description).build());
        }
      }
      case AgentEvent.StopAll() -> {
        stopping = true;
        for (var task : List.copyOf(tasks.values())) {
          stop(task, now);
          // This node leaves, and its mesh with it: nobody will tell when connections have ended.
          ofTask(task.id(), new TaskEvent.Drained(), now);
        }
      }
      case AgentEvent.Tick() -> {
        for (var id : List.copyOf(timed)) {
          var task = tasks.get(id);
          var due = task == null ? null : task.wakeAt();
          if (due != null && !now.isBefore(due)) {
            ofTask(id, new TaskEvent.Tick(), now);
          }
        }
      }
    }
  }

  private void fromManager(DispatcherMessage message, Instant now) {
    switch (message.getMessageCase()) {
      case ACCEPTED -> accept(message.getAccepted());
      case ASSIGNMENTS -> assign(message.getAssignments(), now);
      case MESH -> updateMesh(message.getMesh());
      case STATUS_ACK -> reports.acknowledged(message.getStatusAck().getSequence());
      case MANAGERS -> effects.add(new AgentEffect.ManagersChanged(message.getManagers()));
      case DRAINED ->
          message
              .getDrained()
              .getTaskIdsList()
              .forEach(id -> ofTask(id, new TaskEvent.Drained(), now));
      case LOG_SUBSCRIPTION -> effects.add(new AgentEffect.Subscribe(message.getLogSubscription()));
      case LOG_UNSUBSCRIPTION ->
          effects.add(
              new AgentEffect.Unsubscribe(message.getLogUnsubscription().getSubscriptionId()));
      case NODE -> effects.add(new AgentEffect.NodeChanged(message.getNode()));
      // Hearing it is all it is for; and what a newer manager says beyond this is not for this
      // agent.
      case HEARTBEAT, MESSAGE_NOT_SET -> {}
    }
  }

  private void accept(SessionAccepted message) {
    refused = false;
    if (!accepted || !sessionId.equals(message.getSessionId())) {
      accepted = true;
      sessionId = message.getSessionId();
      appliedSequence = 0;
    }
    var period = message.getHeartbeatPeriod();
    effects.add(
        new AgentEffect.SessionReady(
            sessionId, Duration.ofSeconds(period.getSeconds(), period.getNanos())));
  }

  private void assign(Assignments assignments, Instant now) {
    var complete = assignments.getType() == Assignments.Type.TYPE_COMPLETE;
    if (!complete && assignments.getAppliesTo() != appliedSequence) {
      effects.add(
          new AgentEffect.EndSession(
              "assignments apply to %d but %d were applied"
                  .formatted(assignments.getAppliesTo(), appliedSequence)));
      return;
    }
    appliedSequence = assignments.getResultsIn();
    var listed = new HashSet<String>();
    for (var assigned : assignments.getUpdatedList()) {
      listed.add(assigned.getTask().getId());
      assign(assigned, now);
    }
    for (var id : assignments.getRemovedList()) {
      ofTask(id, new TaskEvent.Unassigned(), now);
    }
    if (complete) {
      for (var id : List.copyOf(tasks.keySet())) {
        if (!listed.contains(id)) {
          ofTask(id, new TaskEvent.Unassigned(), now);
        }
      }
    }
  }

  private void assign(AssignedTask assigned, Instant now) {
    var id = assigned.getTask().getId();
    var known = tasks.get(id);
    if (known != null) {
      keep(known, TaskMachine.on(known, new TaskEvent.Assigned(assigned), now), now);
    } else if (tasks.size() >= TASKS_MAX) {
      var status =
          assigned.getTask().getStatus().toBuilder()
              .setState(TaskState.TASK_STATE_REJECTED)
              .setErr("the node already has %d tasks, its limit".formatted(TASKS_MAX))
              .setTimestamp(TaskMachine.timestamp(now));
      reports.changed(id, status.build());
    } else {
      keep(null, TaskMachine.assigned(stopping ? unwanted(assigned) : assigned, now), now);
    }
  }

  private void stop(WorkerTask task, Instant now) {
    keep(task, TaskMachine.on(task, new TaskEvent.Assigned(unwanted(task.assignment())), now), now);
  }

  private static AssignedTask unwanted(AssignedTask assigned) {
    var desired =
        TaskStates.later(assigned.getTask().getDesiredState(), TaskState.TASK_STATE_SHUTDOWN);
    return assigned.toBuilder()
        .setTask(assigned.getTask().toBuilder().setDesiredState(desired))
        .build();
  }

  private void updateMesh(MeshUpdate update) {
    mesh.update(update);
    meshChanged = true;
    if (update.getComplete() && !mesh.letGo().isEmpty()) {
      sendLetGo(mesh.letGo());
    }
  }

  private void sendLetGo(List<String> taskIds) {
    send(
        AgentMessage.newBuilder()
            .setMeshDrained(MeshDrained.newBuilder().addAllTaskIds(taskIds))
            .build());
  }

  private void ofTask(String id, TaskEvent event, Instant now) {
    var known = tasks.get(id);
    if (known != null) {
      keep(known, TaskMachine.on(known, event, now), now);
    }
  }

  /// Takes a task's next value over: what is to be run, reported, written down and shown to the
  /// mesh follows from the difference.
  private void keep(@Nullable WorkerTask before, TaskMachine.Step step, Instant now) {
    var after = step.task();
    var id = after.id();
    for (var effect : step.effects()) {
      effects.add(new AgentEffect.Run(after, effect));
    }
    if (after.isForgotten()) {
      tasks.remove(id);
      timed.remove(id);
      reports.forget(id);
      effects.add(new AgentEffect.ForgetTask(id));
      effects.add(new AgentEffect.TaskMoved(id, null));
      return;
    }
    tasks.put(id, after);
    effects.add(new AgentEffect.TaskMoved(id, after));
    if (after.wakeAt() != null) {
      timed.add(id);
    } else {
      timed.remove(id);
    }
    if (after.gone()) {
      reports.forget(id);
    } else if (before == null || !before.status().equals(after.status())) {
      if (!after.status().equals(after.assignment().getTask().getStatus())) {
        if (isStep(after)) {
          reports.stepped(id, after.status(), now);
        } else {
          reports.changed(id, after.status());
        }
      }
    }
    if (before == null || isWorthSaving(before, after)) {
      effects.add(new AgentEffect.SaveTask(after));
    }
    if (before != null && isDead(before) != isDead(after) && mesh.contains(id)) {
      meshChanged = true;
    }
  }

  /// Whether the task goes on from its state by itself, and nobody waits for it.
  private static boolean isStep(WorkerTask task) {
    return TaskStates.isBefore(task.state(), TaskState.TASK_STATE_RUNNING)
        && TaskStates.isBefore(task.state(), task.desired());
  }

  /// The steps before RUNNING are simply taken again by the next agent, so they are not written
  /// down.
  private static boolean isWorthSaving(WorkerTask before, WorkerTask after) {
    return before.desired() != after.desired()
        || before.gone() != after.gone()
        || (before.state() != after.state()
            && !TaskStates.isBefore(after.state(), TaskState.TASK_STATE_RUNNING));
  }

  private static boolean isDead(WorkerTask task) {
    return TaskStates.isTerminal(task.state());
  }

  private List<AgentEffect> finish(Instant now) {
    if (meshChanged) {
      meshChanged = false;
      effects.add(
          new AgentEffect.ApplyMesh(
              mesh.table(
                  endpoint -> {
                    var task = tasks.get(endpoint.getTaskId());
                    return task != null && isDead(task);
                  })));
    }
    var report = accepted ? reports.next(now) : null;
    if (report != null) {
      send(report);
    }
    var done = List.copyOf(effects);
    effects.clear();
    return done;
  }

  private void send(TaskStatusReport report) {
    send(AgentMessage.newBuilder().setTaskStatuses(report).build());
  }

  private void send(AgentMessage message) {
    effects.add(new AgentEffect.Send(message));
  }
}
