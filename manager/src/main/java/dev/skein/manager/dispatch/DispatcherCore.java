package dev.skein.manager.dispatch;

import dev.skein.proto.v1.AgentHello;
import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.Heartbeat;
import dev.skein.proto.v1.ManagerList;
import dev.skein.proto.v1.MeshUpdate;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeStats;
import dev.skein.proto.v1.SessionAccepted;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatusAck;
import dev.skein.proto.v1.TaskStatusChange;
import dev.skein.proto.v1.TaskStatusReport;
import dev.skein.proto.v1.TaskStatusUpdate;
import dev.skein.proto.v1.TasksDrained;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.IdSource;
import dev.skein.state.ObjectChange;
import dev.skein.state.Resync;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import dev.skein.state.WatchEvent;
import io.grpc.Status;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// All that the leader decides about its workers' sessions: `(event, now)` to effects. It has no
/// thread, no clock and does no I/O, so it runs in a simulator as it does on a manager.
///
/// The cost of a commit follows what it changed: only the nodes and services it touches are looked
/// at. `now` has to come from a clock that does not jump, or nodes would be taken for dead when it
/// does. Not thread-safe: one thread owns it.
public final class DispatcherCore {

  /// Statuses in one report or hello; an agent that sends more is not one of ours.
  static final int REPORT_UPDATES_MAX = 20_000;

  /// Longer texts in a reported status are cut.
  static final int STATUS_TEXT_MAX = 4096;

  private final String selfNodeId;
  private final IdSource ids;
  private final Map<Long, NodeSession> sessions = new HashMap<>();
  private final Map<String, NodeSession> byNode = new HashMap<>();
  private final Set<NodeSession> touched = new LinkedHashSet<>();
  private final StatusBatch statuses = new StatusBatch();
  private final Drains drains;
  private final MeshTable mesh;
  private final Presence presence;
  private final List<DispatchEffect> effects = new ArrayList<>();
  private ClusterState state;
  private DispatcherTiming timing;
  private ManagerList managers;
  private long statusProposal;
  private long proposals;

  /// Begins a leadership.
  ///
  /// @param selfNodeId the node that leads: agents are told its address first
  /// @param ids makes session ids
  /// @param standstill whether the managers have just been started, and nodes with them perhaps
  public DispatcherCore(
      String selfNodeId, IdSource ids, ClusterState state, boolean standstill, Instant now) {
    this.selfNodeId = selfNodeId;
    this.ids = ids;
    this.state = state;
    timing = timing(state);
    presence = new Presence(state, timing, standstill, now);
    mesh = new MeshTable(state);
    drains = new Drains(now.plus(timing.unknown()));
    managers = managers(state);
    for (var task : state.tasks().values()) {
      watchDrain(task, now);
    }
  }

  private static DispatcherTiming timing(ClusterState state) {
    var cluster = state.cluster();
    return DispatcherTiming.of(
        cluster == null ? Defaults.HEARTBEAT_PERIOD : Defaults.heartbeatPeriod(cluster),
        state.nodes().size());
  }

  /// An agent has opened a session and said hello. Another session of its node ends.
  ///
  /// @param session a number that was not used before
  /// @param nodeId the node of the caller's certificate
  public List<DispatchEffect> opened(long session, String nodeId, AgentHello hello, Instant now) {
    var node = state.node(nodeId);
    if (node == null) {
      effects.add(
          new DispatchEffect.End(
              session,
              Status.Code.PERMISSION_DENIED,
              "node %s is not a member of this swarm (any more)".formatted(nodeId)));
      return finish(now);
    }
    if (!isAddress(hello.getAddr())) {
      // It goes into every node's mesh.
      effects.add(
          new DispatchEffect.End(
              session,
              Status.Code.INVALID_ARGUMENT,
              "\"%s\" is not the address of a node: give an IPv4 or IPv6 address"
                  .formatted(hello.getAddr())));
      return finish(now);
    }
    var earlier = byNode.get(nodeId);
    if (earlier != null) {
      end(earlier, Status.Code.ABORTED, "the node has opened another session", now);
    }
    var opened = new NodeSession(session, nodeId, ids.next());
    sessions.put(session, opened);
    byNode.put(nodeId, opened);
    presence.opened(nodeId, hello.getDescription(), hello.getAddr(), now);
    drains.opened(session);
    accept(opened);
    send(opened, DispatcherMessage.newBuilder().setNode(node));
    send(opened, DispatcherMessage.newBuilder().setManagers(managers));
    var assigned =
        state.tasksOfNode(nodeId).stream()
            .filter(Assignment::isAssigned)
            .map(task -> Assignment.full(state, task))
            .toList();
    send(opened, DispatcherMessage.newBuilder().setAssignments(opened.complete(assigned)));
    send(opened, DispatcherMessage.newBuilder().setMesh(mesh.complete()));
    drains.releasedOf(nodeId).forEach(opened::drained);
    for (var task : state.tasksOfNode(nodeId)) {
      releaseUnpublished(task);
    }
    touched.add(opened);
    report(opened, hello.getTasksList(), now);
    return finish(now);
  }

  private static boolean isAddress(String text) {
    try {
      return !InetAddress.ofLiteral(text).isAnyLocalAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /// An open session's agent has said something. Ignored when the session has ended meanwhile.
  public List<DispatchEffect> received(long session, AgentMessage message, Instant now) {
    var from = sessions.get(session);
    if (from == null) {
      return List.of();
    }
    presence.heard(from.nodeId, now);
    switch (message.getMessageCase()) {
      case HEARTBEAT ->
          send(from, DispatcherMessage.newBuilder().setHeartbeat(Heartbeat.getDefaultInstance()));
      case TASK_STATUSES -> report(from, message.getTaskStatuses(), now);
      case MESH_DRAINED ->
          released(drains.letGo(session, message.getMeshDrained().getTaskIdsList(), now));
      case STATS -> measured(from, message.getStats(), now);
      case MESH_WAITING -> wanted(from, message.getMeshWaiting().getServiceIdsList(), now);
      case DESCRIPTION -> presence.described(from.nodeId, message.getDescription());
      case HELLO, MESSAGE_NOT_SET ->
          end(from, Status.Code.INVALID_ARGUMENT, "not a message of an open session", now);
    }
    return finish(now);
  }

  /// A session has ended.
  ///
  /// @param inOrder whether its agent closed it, rather than that it broke
  public List<DispatchEffect> closed(long session, boolean inOrder, Instant now) {
    var ended = sessions.get(session);
    if (ended != null) {
      drop(ended, now);
      presence.closed(ended.nodeId, inOrder, now);
    }
    return finish(now);
  }

  /// The replicated state has changed.
  public List<DispatchEffect> changed(WatchEvent event, Instant now) {
    state = event.after();
    switch (event) {
      case Commit commit -> {
        mesh.committed(commit);
        for (var change : commit.changes()) {
          switch (change) {
            case ObjectChange.OfTask task -> taskChanged(task, now);
            case ObjectChange.OfNode node -> nodeChanged(node, now);
            case ObjectChange.OfCluster ignored -> clusterChanged();
            case ObjectChange.OfService ignored -> {}
          }
        }
      }
      case Resync ignored -> {
        // What was missed is unknown, so every agent begins anew with what is.
        mesh.reset(state);
        clusterChanged();
        for (var session : List.copyOf(sessions.values())) {
          end(session, Status.Code.UNAVAILABLE, "the manager has to begin again", now);
        }
        for (var node : state.nodes().values()) {
          presence.expect(node, now);
        }
        for (var task : state.tasks().values()) {
          watchDrain(task, now);
        }
      }
    }
    return finish(now);
  }

  /// A proposal has ended.
  public List<DispatchEffect> proposed(long proposal, ProposalOutcome outcome, Instant now) {
    if (!presence.proposed(proposal, outcome, now) && proposal == statusProposal) {
      if (outcome instanceof ProposalOutcome.Committed) {
        acknowledge(statuses.committed());
      } else {
        statuses.failed(now);
      }
    }
    return finish(now);
  }

  /// Time has passed.
  public List<DispatchEffect> tick(Instant now) {
    for (var nodeId : presence.tick(now)) {
      var session = byNode.get(nodeId);
      if (session != null) {
        end(session, Status.Code.UNAVAILABLE, "no heartbeat came in time", now);
      }
    }
    released(drains.tick(now));
    return finish(now);
  }

  /// When the core wants a [#tick] at the latest; null when only an event can change anything.
  public @Nullable Instant wakeAt() {
    return earliest(
        presence.wakeAt(), earliest(drains.wakeAt(), earliest(mesh.wakeAt(), statuses.wakeAt())));
  }

  /// The session of a node, if it has one.
  public @Nullable Long sessionOf(String nodeId) {
    var session = byNode.get(nodeId);
    return session == null ? null : session.key;
  }

  /// The number of open sessions.
  public int sessionCount() {
    return sessions.size();
  }

  private static @Nullable Instant earliest(@Nullable Instant a, @Nullable Instant b) {
    return a == null || (b != null && b.isBefore(a)) ? b : a;
  }

  // ---- What agents report

  private void report(NodeSession from, TaskStatusReport report, Instant now) {
    if (report(from, report.getUpdatesList(), now)) {
      statuses.acknowledge(from.key, report.getSequence(), now);
    }
  }

  private boolean report(NodeSession from, Collection<TaskStatusUpdate> updates, Instant now) {
    if (!isWithinReport(from, updates.size(), "statuses", now)) {
      return false;
    }
    for (var update : updates) {
      var task = state.task(update.getTaskId());
      if (task == null) {
        // It was removed meanwhile; the assignments say so.
        continue;
      }
      if (!task.getNodeId().equals(from.nodeId)) {
        end(
            from,
            Status.Code.PERMISSION_DENIED,
            "task %s is not one of node %s".formatted(task.getId(), from.nodeId),
            now);
        return false;
      }
      if (isNews(task, update)) {
        statuses.add(
            TaskStatusChange.newBuilder()
                .setTaskId(task.getId())
                .setNodeId(from.nodeId)
                .setStatus(cut(update))
                .build(),
            now);
      }
    }
    return true;
  }

  /// Whether the log would take the status; the rest would only fill it.
  private static boolean isNews(Task task, TaskStatusUpdate update) {
    var known = task.getStatus();
    var told = update.getStatus();
    return TaskStates.mayBecome(known.getState(), told.getState())
        ? told.getState() != TaskState.TASK_STATE_ORPHANED
            && !TaskStates.isBefore(told.getState(), TaskState.TASK_STATE_ACCEPTED)
        : told.getState() == known.getState()
            && !TaskStates.isTerminal(told.getState())
            && !told.equals(known);
  }

  private static dev.skein.proto.v1.TaskStatus cut(TaskStatusUpdate update) {
    var status = update.getStatus();
    if (status.getErr().length() <= STATUS_TEXT_MAX
        && status.getMessage().length() <= STATUS_TEXT_MAX) {
      return status;
    }
    return status.toBuilder()
        .setErr(status.getErr().substring(0, Math.min(status.getErr().length(), STATUS_TEXT_MAX)))
        .setMessage(
            status
                .getMessage()
                .substring(0, Math.min(status.getMessage().length(), STATUS_TEXT_MAX)))
        .build();
  }

  private void measured(NodeSession from, NodeStats stats, Instant now) {
    if (isWithinReport(
        from, stats.getTasksCount() + stats.getServicesCount(), "measurements", now)) {
      effects.add(new DispatchEffect.Measured(from.nodeId, stats));
    }
  }

  private void wanted(NodeSession from, List<String> serviceIds, Instant now) {
    if (isWithinReport(from, serviceIds.size(), "services", now)) {
      effects.add(new DispatchEffect.Wanted(serviceIds));
    }
  }

  /// Ends the session of an agent that says more at once than one of ours ever does.
  private boolean isWithinReport(NodeSession from, int count, String what, Instant now) {
    if (count > REPORT_UPDATES_MAX) {
      end(
          from,
          Status.Code.INVALID_ARGUMENT,
          "%d %s in one message; the limit is %d".formatted(count, what, REPORT_UPDATES_MAX),
          now);
    }
    return count <= REPORT_UPDATES_MAX;
  }

  private void acknowledge(List<StatusBatch.Ack> acks) {
    for (var ack : acks) {
      var session = sessions.get(ack.session());
      if (session != null) {
        send(
            session,
            DispatcherMessage.newBuilder()
                .setStatusAck(TaskStatusAck.newBuilder().setSequence(ack.sequence())));
      }
    }
  }

  // ---- What the log says

  private void taskChanged(ObjectChange.OfTask change, Instant now) {
    var before = change.before();
    var after = change.after();
    if (after == null) {
      drains.end(change.id());
      if (before != null) {
        var session = byNode.get(before.getNodeId());
        if (session != null) {
          session.remove(change.id());
          touched.add(session);
        }
      }
      return;
    }
    var session = byNode.get(after.getNodeId());
    if (session != null) {
      var update = Assignment.update(state, change);
      if (update != null) {
        session.update(update);
        touched.add(session);
      }
    }
    watchDrain(after, now);
    if (before != null && TaskStates.wantsToRun(before)) {
      releaseUnpublished(after);
    }
  }

  /// Begins or ends the wait for the meshes as the task's state asks for.
  private void watchDrain(Task task, Instant now) {
    if (TaskStates.wantsToRun(task)) {
      return;
    }
    if (task.getStatus().getState() != TaskState.TASK_STATE_RUNNING) {
      drains.end(task.getId());
    } else if (!drains.contains(task.getId()) && mesh.contains(state, task)) {
      released(drains.begin(task, stopGrace(task), now));
    }
  }

  /// A task that is to be stopped and that no mesh knows need not wait.
  private void releaseUnpublished(Task task) {
    if (TaskStates.wantsToRun(task)
        || TaskStates.isTerminal(task.getStatus().getState())
        || drains.contains(task.getId())) {
      return;
    }
    var session = byNode.get(task.getNodeId());
    if (session != null) {
      session.drained(task.getId());
      touched.add(session);
    }
  }

  private Duration stopGrace(Task task) {
    var service = state.service(task.getServiceId());
    var revision = service == null ? null : Revisions.find(service, task.getSpecVersion());
    return revision == null
        ? Defaults.STOP_GRACE_PERIOD
        : Defaults.stopGracePeriod(revision.getTask());
  }

  private void released(List<Drains.Released> released) {
    for (var each : released) {
      var session = byNode.get(each.nodeId());
      if (session != null) {
        session.drained(each.taskId());
        touched.add(session);
      }
    }
  }

  private void nodeChanged(ObjectChange.OfNode change, Instant now) {
    var before = change.before();
    var after = change.after();
    var session = byNode.get(change.id());
    if (after == null) {
      presence.forget(change.id());
      if (session != null) {
        end(
            session,
            Status.Code.PERMISSION_DENIED,
            "node %s was removed from the swarm".formatted(change.id()),
            now);
      }
    } else if (before == null) {
      presence.expect(after, now);
    } else if (session != null
        && (!before.getSpec().equals(after.getSpec()) || before.getRole() != after.getRole())) {
      send(session, DispatcherMessage.newBuilder().setNode(after));
    }
    if (before == null
        || after == null
        || !before.getManagerStatus().equals(after.getManagerStatus())) {
      clusterChanged();
    }
  }

  private void clusterChanged() {
    var period = timing.period();
    timing = timing(state);
    presence.timing(timing);
    if (!period.equals(timing.period())) {
      // Agents learn the period when a session is accepted; a repeated acceptance tells the new
      // one.
      for (var session : sessions.values()) {
        accept(session);
      }
    }
    var changed = managers(state);
    if (!changed.equals(managers)) {
      managers = changed;
      for (var session : sessions.values()) {
        send(session, DispatcherMessage.newBuilder().setManagers(managers));
      }
    }
  }

  private void accept(NodeSession session) {
    send(
        session,
        DispatcherMessage.newBuilder()
            .setAccepted(
                SessionAccepted.newBuilder()
                    .setSessionId(session.id)
                    .setHeartbeatPeriod(Times.proto(timing.period()))));
  }

  private ManagerList managers(ClusterState state) {
    var list = ManagerList.newBuilder();
    Cluster cluster = state.cluster();
    if (cluster != null) {
      list.setTrustRoot(cluster.getRootCa().getCertificate());
    }
    for (Node node : state.nodes().values()) {
      var addr = node.getManagerStatus().getAddr();
      if (!addr.isEmpty() && node.getId().equals(selfNodeId)) {
        list.addAddrs(addr);
      }
    }
    for (Node node : state.nodes().values()) {
      var addr = node.getManagerStatus().getAddr();
      if (!addr.isEmpty() && !node.getId().equals(selfNodeId)) {
        list.addAddrs(addr);
      }
    }
    return list.build();
  }

  // ---- Sessions

  private void end(NodeSession session, Status.Code code, String reason, Instant now) {
    drop(session, now);
    presence.closed(session.nodeId, false, now);
    effects.add(new DispatchEffect.End(session.key, code, reason));
  }

  private void drop(NodeSession session, Instant now) {
    sessions.remove(session.key);
    byNode.remove(session.nodeId, session);
    touched.remove(session);
    statuses.closed(session.key);
    released(drains.closed(session.key, now));
  }

  private void send(NodeSession session, DispatcherMessage.Builder message) {
    effects.add(new DispatchEffect.Send(session.key, message.build()));
  }

  /// Makes the effects of everything that has come together.
  private List<DispatchEffect> finish(Instant now) {
    // The mesh first: a table that lets go of a task is on its way before the word to stop it.
    MeshUpdate update = mesh.changed(sessions.size(), now);
    if (update != null) {
      for (var session : sessions.values()) {
        send(session, DispatcherMessage.newBuilder().setMesh(update));
      }
    }
    for (var session : touched) {
      if (session.hasIncrement()) {
        send(session, DispatcherMessage.newBuilder().setAssignments(session.increment()));
      }
      var drained = session.takeDrained();
      if (!drained.isEmpty()) {
        send(
            session,
            DispatcherMessage.newBuilder()
                .setDrained(TasksDrained.newBuilder().addAllTaskIds(drained)));
      }
    }
    touched.clear();
    acknowledge(statuses.needless(now));
    ChangeSet reported = statuses.next(now);
    if (reported != null) {
      statusProposal = ++proposals;
      effects.add(new DispatchEffect.Propose(statusProposal, reported));
    }
    presence
        .writes(state, now, () -> ++proposals)
        .forEach((number, set) -> effects.add(new DispatchEffect.Propose(number, set)));
    var done = List.copyOf(effects);
    effects.clear();
    return done;
  }
}
