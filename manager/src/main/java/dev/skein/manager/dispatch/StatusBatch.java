package dev.skein.manager.dispatch;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.TaskStatusChange;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reported statuses on their way into the log: committed in groups, acknowledged after the
/// commit.
///
/// One group is on its way at a time; what is reported meanwhile makes the next one. So the first
/// report waits for nothing, and the more come in, the larger the groups are. It holds one status
/// per task and one sequence per session, whatever agents send. Not thread-safe.
final class StatusBatch {

  /// Statuses in one change set.
  static final int CHANGES_MAX = 2_000;

  /// Serialized bytes of the statuses in one change set.
  static final int BYTES_MAX = 512 << 10;

  /// How long reports are gathered while nothing is on its way.
  static final Duration WINDOW = Duration.ofMillis(2);

  /// The pause after a proposal that nobody could commit.
  static final Duration RETRY_AFTER = Duration.ofMillis(100);

  private final LinkedHashMap<String, TaskStatusChange> pending = new LinkedHashMap<>();
  private final Map<String, TaskStatusChange> onItsWay = new LinkedHashMap<>();
  private Map<Long, Long> pendingAcks = new HashMap<>();
  private Map<Long, Long> acksOnTheirWay = new HashMap<>();
  private boolean underWay;
  private @Nullable Instant due;

  /// A session to be told that everything up to `sequence` is committed.
  record Ack(long session, long sequence) {}

  /// Adds a task's status; an earlier one never replaces a later one.
  void add(TaskStatusChange change, Instant now) {
    pending.merge(change.getTaskId(), change, StatusBatch::later);
    schedule(now.plus(WINDOW));
  }

  /// Adds a report's sequence: it is acknowledged with the group that its statuses are in.
  void acknowledge(long session, long sequence, Instant now) {
    pendingAcks.merge(session, sequence, Math::max);
    schedule(now.plus(WINDOW));
  }

  /// A session ended: nobody waits for its acknowledgements.
  void closed(long session) {
    pendingAcks.remove(session);
  }

  private void schedule(Instant at) {
    if (due == null) {
      due = at;
    }
  }

  /// When [#next] has something to propose; null while it has not.
  @Nullable Instant wakeAt() {
    return underWay ? null : due;
  }

  /// Whether a full group waits: it need not wait any longer.
  private boolean isFull() {
    return pending.size() >= CHANGES_MAX;
  }

  /// The next change set to propose, or null when there is none now.
  @Nullable ChangeSet next(Instant now) {
    var at = due;
    if (underWay || at == null || pending.isEmpty() || (now.isBefore(at) && !isFull())) {
      return null;
    }
    var set = ChangeSet.newBuilder().setProposedAt(Times.timestamp(now));
    var bytes = 0;
    var each = pending.entrySet().iterator();
    while (each.hasNext() && onItsWay.size() < CHANGES_MAX && bytes < BYTES_MAX) {
      var entry = each.next();
      bytes += entry.getValue().getSerializedSize();
      onItsWay.put(entry.getKey(), entry.getValue());
      set.addChanges(Change.newBuilder().setTaskStatus(entry.getValue()));
      each.remove();
    }
    underWay = true;
    if (pending.isEmpty()) {
      acksOnTheirWay = pendingAcks;
      pendingAcks = new HashMap<>();
      due = null;
    } else {
      // Some of the reports are only partly in this group, and nobody knows which.
      due = now;
    }
    return set.build();
  }

  /// Acknowledgements that need no commit: everything they stand for was known already.
  List<Ack> needless(Instant now) {
    var at = due;
    if (underWay || !pending.isEmpty() || at == null || now.isBefore(at)) {
      return List.of();
    }
    due = null;
    return take(pendingAcks);
  }

  /// The group was committed: who is to be told.
  List<Ack> committed() {
    underWay = false;
    onItsWay.clear();
    var acks = take(acksOnTheirWay);
    acksOnTheirWay = new HashMap<>();
    return acks;
  }

  /// The group was not committed, as far as one knows: it joins the next one.
  void failed(Instant now) {
    underWay = false;
    onItsWay.forEach(
        (id, change) -> pending.merge(id, change, (newer, older) -> later(older, newer)));
    onItsWay.clear();
    acksOnTheirWay.forEach((session, sequence) -> pendingAcks.merge(session, sequence, Math::max));
    acksOnTheirWay = new HashMap<>();
    due = now.plus(RETRY_AFTER);
  }

  private static List<Ack> take(Map<Long, Long> acks) {
    var taken = new ArrayList<Ack>(acks.size());
    acks.forEach((session, sequence) -> taken.add(new Ack(session, sequence)));
    acks.clear();
    return taken;
  }

  private static TaskStatusChange later(TaskStatusChange a, TaskStatusChange b) {
    return TaskStates.isBefore(b.getStatus().getState(), a.getStatus().getState()) ? a : b;
  }
}
