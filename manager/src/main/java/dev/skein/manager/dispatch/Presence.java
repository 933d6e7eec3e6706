package dev.skein.manager.dispatch;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.Object;
import dev.skein.state.ClusterState;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Which nodes are there: heartbeats and deadlines, and the node states that follow from them.
///
/// What the log should say of a node is compared with what it says, and written where they differ;
/// a write that did not fit is therefore simply made again. Not thread-safe.
final class Presence {

  /// Nodes in one change set: one conflict rejects all of them.
  static final int NODES_PER_SET = 100;

  /// The pause before what conflicted or could not be committed is written again.
  static final Duration RETRY_AFTER = Duration.ofMillis(50);

  /// How often in a row a node's deadline is put off because the leader itself was late.
  static final int POSTPONED_MAX = 3;

  private final Map<String, Entry> entries = new HashMap<>();
  private final PriorityQueue<Deadline> deadlines =
      new PriorityQueue<>(Comparator.comparing(Deadline::at));
  private final Set<String> dirty = new LinkedHashSet<>();
  private final Map<Long, List<String>> underWay = new HashMap<>();
  private DispatcherTiming timing;
  private @Nullable Instant retryAt;

  private record Deadline(Instant at, String nodeId) {}

  /// What this leader knows of a node.
  private static final class Entry {
    private NodeState state = NodeState.NODE_STATE_UNKNOWN;
    private String message = "";
    private @Nullable Instant unknownAt;
    private @Nullable Instant deadline;
    private @Nullable Instant queuedAt;
    private @Nullable NodeDescription description;
    private @Nullable String addr;
    private boolean judged;
    private int postponed;
    private boolean proposed;
    private long committedAt;
  }

  /// @param standstill whether the managers have just been started
  Presence(ClusterState state, DispatcherTiming timing, boolean standstill, Instant now) {
    this.timing = timing;
    for (var node : state.nodes().values()) {
      expect(node, standstill ? timing.standstill() : timing.takeover(), now);
    }
  }

  /// A heartbeat period that the user has changed.
  void timing(DispatcherTiming changed) {
    timing = changed;
  }

  /// A node that has not been heard of: it gets the time of a takeover to connect.
  void expect(Node node, Instant now) {
    expect(node, timing.takeover(), now);
  }

  private void expect(Node node, Duration wait, Instant now) {
    if (entries.containsKey(node.getId())) {
      return;
    }
    var entry = new Entry();
    entries.put(node.getId(), entry);
    if (node.getStatus().getState() == NodeState.NODE_STATE_DOWN) {
      entry.state = NodeState.NODE_STATE_DOWN;
      return;
    }
    entry.unknownAt = now.plus(timing.unknown());
    entry.deadline = now.plus(wait);
    queue(node.getId(), entry);
  }

  /// The node is no member any more.
  void forget(String nodeId) {
    entries.remove(nodeId);
    dirty.remove(nodeId);
  }

  /// A node has opened its session.
  void opened(String nodeId, NodeDescription description, String addr, Instant now) {
    var entry = entries.computeIfAbsent(nodeId, ignored -> new Entry());
    entry.description = description;
    entry.addr = addr;
    entry.unknownAt = null;
    become(nodeId, entry, NodeState.NODE_STATE_READY, "");
    watch(nodeId, entry, now.plus(timing.silent()));
    dirty.add(nodeId);
  }

  /// A node was heard.
  void heard(String nodeId, Instant now) {
    var entry = entries.get(nodeId);
    if (entry != null && entry.state == NodeState.NODE_STATE_READY) {
      entry.deadline = now.plus(timing.silent());
      entry.postponed = 0;
    }
  }

  /// A node says what it is.
  void described(String nodeId, NodeDescription description) {
    var entry = entries.get(nodeId);
    if (entry != null) {
      entry.description = description;
      dirty.add(nodeId);
    }
  }

  /// A node's session ended.
  ///
  /// @param inOrder whether the agent closed it, rather than that it broke
  void closed(String nodeId, boolean inOrder, Instant now) {
    var entry = entries.get(nodeId);
    if (entry == null || entry.state == NodeState.NODE_STATE_DOWN) {
      return;
    }
    become(
        nodeId,
        entry,
        NodeState.NODE_STATE_DISCONNECTED,
        inOrder ? "the node's agent was stopped" : "the connection to the node broke");
    var patience = now.plus(inOrder ? timing.closed() : timing.broken());
    var silent = entry.deadline;
    // A break never makes the wait longer than the missed heartbeats already do.
    watch(
        nodeId, entry, !inOrder && silent != null && silent.isBefore(patience) ? silent : patience);
  }

  /// What time has made of the nodes: those that are down now.
  ///
  /// A leader that was itself stopped or starved has no right to judge: what the nodes said
  /// meanwhile may still wait in its connections. It then gives them another period, a few times.
  List<String> tick(Instant now) {
    var first = deadlines.peek();
    if (first != null && now.isAfter(first.at.plus(timing.late()))) {
      postpone(now.plus(timing.period()));
    }
    var down = new ArrayList<String>();
    for (var next = deadlines.peek();
        next != null && !now.isBefore(next.at);
        next = deadlines.peek()) {
      deadlines.remove();
      var entry = entries.get(next.nodeId);
      if (entry != null && next.at.equals(entry.queuedAt)) {
        entry.queuedAt = null;
        expire(next.nodeId, entry, now, down);
        queue(next.nodeId, entry);
      }
    }
    return down;
  }

  private void postpone(Instant until) {
    for (var entry : entries.values()) {
      var deadline = entry.deadline;
      if (deadline != null && deadline.isBefore(until) && entry.postponed < POSTPONED_MAX) {
        entry.postponed++;
        entry.deadline = until;
      }
    }
  }

  private void expire(String id, Entry entry, Instant now, List<String> down) {
    var unknownAt = entry.unknownAt;
    if (unknownAt != null && !now.isBefore(unknownAt)) {
      entry.unknownAt = null;
      become(id, entry, NodeState.NODE_STATE_UNKNOWN, "not heard of since the leader changed");
    }
    var deadline = entry.deadline;
    if (deadline == null || now.isBefore(deadline)) {
      return;
    }
    entry.deadline = null;
    become(
        id,
        entry,
        NodeState.NODE_STATE_DOWN,
        switch (entry.state) {
          case NODE_STATE_READY -> "heartbeat failure";
          case NODE_STATE_DISCONNECTED -> "the node did not come back";
          case NODE_STATE_UNKNOWN, NODE_STATE_DOWN, UNRECOGNIZED ->
              "the node did not report to the new leader";
        });
    down.add(id);
  }

  private void become(String nodeId, Entry entry, NodeState state, String message) {
    entry.state = state;
    entry.message = message;
    entry.judged = true;
    dirty.add(nodeId);
  }

  private void watch(String nodeId, Entry entry, Instant deadline) {
    entry.deadline = deadline;
    queue(nodeId, entry);
  }

  /// Sees to it that the node is looked at in time. One look per node is queued: heartbeats only
  /// move the deadline, and a look that comes too early queues the next.
  private void queue(String nodeId, Entry entry) {
    var at = earlier(entry.unknownAt, entry.deadline);
    if (at != null && (entry.queuedAt == null || at.isBefore(entry.queuedAt))) {
      entry.queuedAt = at;
      deadlines.add(new Deadline(at, nodeId));
    }
  }

  private static @Nullable Instant earlier(@Nullable Instant a, @Nullable Instant b) {
    return a == null || (b != null && b.isBefore(a)) ? b : a;
  }

  /// Node objects to write now, as change sets, each with a number of the caller's.
  ///
  /// @param number gives the next proposal's number
  Map<Long, ChangeSet> writes(ClusterState state, Instant now, LongSupplier number) {
    var at = retryAt;
    if (at != null && now.isBefore(at)) {
      return Map.of();
    }
    retryAt = null;
    if (dirty.isEmpty()) {
      return Map.of();
    }
    var sets = new HashMap<Long, ChangeSet>();
    var set = ChangeSet.newBuilder();
    var ids = new ArrayList<String>();
    for (var id : List.copyOf(dirty)) {
      var entry = entries.get(id);
      if (entry != null && (entry.proposed || entry.committedAt > state.index())) {
        // Compared again once this one's fate is known here.
        continue;
      }
      dirty.remove(id);
      var node = state.node(id);
      var wanted = entry == null || node == null ? null : wanted(entry, node, now);
      if (entry == null || wanted == null) {
        continue;
      }
      entry.proposed = true;
      ids.add(id);
      set.addChanges(Change.newBuilder().setUpdate(Object.newBuilder().setNode(wanted)));
      if (ids.size() == NODES_PER_SET) {
        put(sets, number.getAsLong(), set, ids, now);
        set = ChangeSet.newBuilder();
        ids = new ArrayList<>();
      }
    }
    if (!ids.isEmpty()) {
      put(sets, number.getAsLong(), set, ids, now);
    }
    return sets;
  }

  private void put(
      Map<Long, ChangeSet> sets,
      long number,
      ChangeSet.Builder set,
      List<String> ids,
      Instant now) {
    underWay.put(number, ids);
    sets.put(number, set.setProposedAt(Times.timestamp(now)).build());
  }

  /// The node as it should be, or null when it is so.
  private static @Nullable Node wanted(Entry entry, Node node, Instant now) {
    var status = node.getStatus();
    if (entry.judged
        && (status.getState() != entry.state || !status.getMessage().equals(entry.message))) {
      var next = NodeStatus.newBuilder(status).setState(entry.state).setMessage(entry.message);
      if (status.getState() != entry.state) {
        next.setSince(Times.timestamp(now));
      }
      status = next.build();
    }
    var addr = entry.addr;
    if (addr != null && !addr.isEmpty() && !status.getAddr().equals(addr)) {
      status = status.toBuilder().setAddr(addr).build();
    }
    var description = entry.description;
    var wanted = node.toBuilder().setStatus(status);
    if (description != null) {
      wanted.setDescription(description);
    }
    var built = wanted.build();
    return built.equals(node) ? null : built;
  }

  /// How a write ended. Whether it was one of these.
  boolean proposed(long number, ProposalOutcome outcome, Instant now) {
    var ids = underWay.remove(number);
    if (ids == null) {
      return false;
    }
    for (var id : ids) {
      var entry = entries.get(id);
      if (entry != null) {
        entry.proposed = false;
        if (outcome instanceof ProposalOutcome.Committed(var index)) {
          entry.committedAt = index;
        }
        dirty.add(id);
      }
    }
    if (!(outcome instanceof ProposalOutcome.Committed)) {
      retryAt = now.plus(RETRY_AFTER);
    }
    return true;
  }

  /// When time changes something next, or null.
  @Nullable Instant wakeAt() {
    var deadline = deadlines.peek();
    return earlier(retryAt, deadline == null ? null : deadline.at);
  }

  /// The node's state as this leader knows it.
  NodeState stateOf(String nodeId) {
    var entry = entries.get(nodeId);
    return entry == null ? NodeState.NODE_STATE_UNKNOWN : entry.state;
  }
}
