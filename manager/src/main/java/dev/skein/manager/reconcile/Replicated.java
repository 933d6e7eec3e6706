package dev.skein.manager.reconcile;

import dev.skein.manager.plan.Slot;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.TaskStates;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The slots of a replicated service: which are filled, which are the next to fill, and which go
/// first when there are too many.
final class Replicated {
  private final Map<Integer, Filled> filled = new TreeMap<>();

  /// @param tasks all of the service's, history included
  Replicated(Iterable<Task> tasks) {
    for (var task : tasks) {
      if (TaskStates.wantsToRun(task)) {
        filled.merge(task.getSlot(), Filled.by(task), Filled::with);
      }
    }
  }

  int filledCount() {
    return filled.size();
  }

  /// The lowest numbers that are free.
  List<Integer> free(long count) {
    var taken = new BitSet();
    filled.keySet().forEach(taken::set);
    var free = new ArrayList<Integer>();
    for (var number = taken.nextClearBit(1); free.size() < count; ) {
      free.add(number);
      number = taken.nextClearBit(number + 1);
    }
    return free;
  }

  /// The slots to give up so that `count` remain: from the nodes with the most copies, those that
  /// do not run before those that do, the highest number first. Slots that have no node yet go
  /// before all others.
  List<Slot> surplus(String serviceId, long count) {
    var byWorth = new ArrayList<>(filled.values());
    byWorth.sort(
        Comparator.comparing((Filled slot) -> !slot.running).thenComparingInt(Filled::number));
    // The n-th copy on a node is worth as much as every other node's n-th.
    var copies = new HashMap<String, Integer>();
    var rank = new HashMap<Integer, Integer>();
    for (var slot : byWorth) {
      rank.put(
          slot.number,
          slot.nodeId.isEmpty() ? Integer.MAX_VALUE : copies.merge(slot.nodeId, 1, Integer::sum));
    }
    byWorth.sort(Comparator.comparing(slot -> rank.get(slot.number)));
    return byWorth.stream()
        .skip(Math.max(0, count))
        .map(slot -> Slot.numbered(serviceId, slot.number))
        .toList();
  }

  private record Filled(int number, String nodeId, boolean running) {
    static Filled by(Task task) {
      return new Filled(
          task.getSlot(),
          task.getNodeId(),
          task.getStatus().getState() == TaskState.TASK_STATE_RUNNING);
    }

    /// While one task replaces another, the slot is where it runs.
    Filled with(Filled other) {
      return running || other.nodeId.isEmpty() ? this : other;
    }
  }
}
