package dev.skein.manager.loop;

import dev.skein.manager.plan.Slot;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Task;
import dev.skein.state.ChangeSets;
import dev.skein.state.ObjectChange;
import dev.skein.state.TaskStates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes one change per object out of all that a round's planners did to it, and change sets out
/// of those. The changes of one slot always stay in one set: an old task must not go without the
/// new one that takes its place, nor the other way round.
final class ChangeMerge {
  /// Bounds of one set, well below the store's: several are in flight at once, and a conflict
  /// costs little.
  static final int CHANGES_PER_SET_MAX = 2_000;

  static final int BYTES_PER_SET_MAX = 512 << 10;

  private final Map<Key, ObjectChange> merged = new LinkedHashMap<>();

  private record Key(ObjectKind kind, String id) {}

  void add(ObjectChange change) {
    merged.merge(new Key(change.kind(), change.id()), change, ChangeMerge::both);
  }

  private static ObjectChange both(ObjectChange first, ObjectChange then) {
    return switch (first) {
      case ObjectChange.OfTask(var before, var ignored)
          when then instanceof ObjectChange.OfTask(var alsoIgnored, var after) ->
          new ObjectChange.OfTask(before, after);
      case ObjectChange.OfService(var before, var ignored)
          when then instanceof ObjectChange.OfService(var alsoIgnored, var after) ->
          new ObjectChange.OfService(before, after);
      case ObjectChange.OfNode(var before, var ignored)
          when then instanceof ObjectChange.OfNode(var alsoIgnored, var after) ->
          new ObjectChange.OfNode(before, after);
      case ObjectChange.OfCluster(var before, var ignored)
          when then instanceof ObjectChange.OfCluster(var alsoIgnored, var after) ->
          new ObjectChange.OfCluster(before, after);
      case ObjectChange.OfTask ignored -> throw unexpected(then);
      case ObjectChange.OfService ignored -> throw unexpected(then);
      case ObjectChange.OfNode ignored -> throw unexpected(then);
      case ObjectChange.OfCluster ignored -> throw unexpected(then);
    };
  }

  private static IllegalStateException unexpected(ObjectChange change) {
    return new IllegalStateException(
        "planners do not do this to " + change.kind() + " " + change.id());
  }

  List<ChangeSet> toSets(Instant now) {
    var groups = new LinkedHashMap<Object, List<Change>>();
    for (var change : merged.values()) {
      if (change.before() == null && change.after() == null) {
        continue;
      }
      var group = groups.computeIfAbsent(groupOf(change), key -> new ArrayList<>(2));
      // What frees a place comes before what takes it.
      group.addAll(change.isCreate() ? group.size() : 0, toChanges(change));
    }
    var sets = new ArrayList<ChangeSet>();
    var changes = new ArrayList<Change>();
    var bytes = 0;
    for (var group : groups.values()) {
      var groupBytes = group.stream().mapToInt(Change::getSerializedSize).sum();
      if (!changes.isEmpty()
          && (changes.size() + group.size() > CHANGES_PER_SET_MAX
              || bytes + groupBytes > BYTES_PER_SET_MAX)) {
        sets.add(ChangeSets.of(now, changes));
        changes.clear();
        bytes = 0;
      }
      changes.addAll(group);
      bytes += groupBytes;
    }
    if (!changes.isEmpty()) {
      sets.add(ChangeSets.of(now, changes));
    }
    return sets;
  }

  private static Object groupOf(ObjectChange change) {
    return change instanceof ObjectChange.OfTask(var before, var after)
        ? Slot.of(either(before, after)).place()
        : new Key(change.kind(), change.id());
  }

  private static Task either(@Nullable Task before, @Nullable Task after) {
    if (after != null) {
      return after;
    }
    if (before != null) {
      return before;
    }
    throw new IllegalStateException("a task that came and went has no slot");
  }

  private static List<Change> toChanges(ObjectChange change) {
    return switch (change) {
      case ObjectChange.OfTask(var before, var after) -> toChanges(before, after);
      case ObjectChange.OfService(var before, var after) -> {
        if (before == null) {
          throw unexpected(change);
        }
        yield List.of(
            after == null
                ? ChangeSets.remove(change.kind(), change.id(), before.getVersion())
                : ChangeSets.update(after.toBuilder().setVersion(before.getVersion()).build()));
      }
      case ObjectChange.OfNode(var before, var after) -> {
        // A node is its agent's and its users': planners only forget it.
        if (before == null || after != null) {
          throw unexpected(change);
        }
        yield List.of(ChangeSets.remove(change.kind(), change.id(), before.getVersion()));
      }
      case ObjectChange.OfCluster(var before, var after) -> {
        if (before == null || after == null) {
          throw unexpected(change);
        }
        yield List.of(ChangeSets.update(after.toBuilder().setVersion(before.getVersion()).build()));
      }
    };
  }

  /// Prefers the changes that cannot conflict with what workers report meanwhile.
  private static List<Change> toChanges(@Nullable Task before, @Nullable Task after) {
    if (after == null) {
      return before == null
          ? List.of()
          : List.of(ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, before.getId()));
    }
    if (before == null) {
      return List.of(
          ChangeSets.create(
              after.toBuilder().clearVersion().clearCreatedAt().clearUpdatedAt().build()));
    }
    // A global service's task has its node before it is given anything of it.
    if (!before.getNodeId().equals(after.getNodeId())
        || !before.getGenericResourcesList().equals(after.getGenericResourcesList())) {
      return List.of(ChangeSets.update(after.toBuilder().setVersion(before.getVersion()).build()));
    }
    var changes = new ArrayList<Change>(2);
    if (!before.getStatus().equals(after.getStatus())) {
      changes.add(ChangeSets.status(before, after.getStatus()));
    }
    if (TaskStates.isAfter(after.getDesiredState(), before.getDesiredState())) {
      changes.add(ChangeSets.desire(after.getId(), after.getDesiredState()));
    }
    return changes;
  }
}
