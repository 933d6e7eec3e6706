package dev.skein.state;

import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A persistent index of tasks in groups (all tasks of a service, or of a node), in an order within
/// the group. It holds ids, not tasks, so a task's changes leave it alone. Its orders are written
/// out: chains of comparators cost several times as much, and every look at a slot searches by one.
final class TaskIndex {
  /// What never changes of a task. One instance serves every index that the task is in.
  record Ref(String serviceId, int slot, String taskId) {}

  /// Groups by service: in the order of slots.
  static final Comparator<Ref> BY_SLOT =
      (a, b) -> a.slot != b.slot ? Integer.compare(a.slot, b.slot) : a.taskId.compareTo(b.taskId);

  /// Groups by node: together by service.
  static final Comparator<Ref> BY_SERVICE =
      (a, b) -> {
        var byService = a.serviceId.compareTo(b.serviceId);
        return byService != 0 ? byService : a.taskId.compareTo(b.taskId);
      };

  private final Comparator<Ref> order;
  private final PersistentMap<SortedTree<Ref, Ref>> groups;

  private TaskIndex(Comparator<Ref> order, PersistentMap<SortedTree<Ref, Ref>> groups) {
    this.order = order;
    this.groups = groups;
  }

  static TaskIndex empty(Comparator<Ref> order) {
    return new TaskIndex(order, PersistentMap.empty());
  }

  int count(String group) {
    var refs = groups.get(group);
    return refs == null ? 0 : refs.size();
  }

  Iterator<Ref> group(String group) {
    var refs = groups.get(group);
    return refs == null ? noRefs() : walk(refs.cursor(), ref -> true);
  }

  /// From the first that is not before `from`, as long as they are `included`.
  Iterator<Ref> group(String group, Ref from, Predicate<Ref> included) {
    var refs = groups.get(group);
    return refs == null ? noRefs() : walk(refs.cursorFrom(from), included);
  }

  Editor edit() {
    return new Editor(this);
  }

  private static Iterator<Ref> noRefs() {
    return Collections.emptyIterator();
  }

  private static Iterator<Ref> walk(SortedTree.Cursor<Ref, Ref> cursor, Predicate<Ref> included) {
    return new SortedTree.CursorIterator<Ref, Ref, Ref>(cursor) {
      @Override
      boolean includes(Ref ref) {
        return included.test(ref);
      }

      @Override
      Ref element(Ref key, Ref value) {
        return key;
      }
    };
  }

  /// A batch of changes. Owned by one thread.
  static final class Editor {
    private final TaskIndex index;
    private final Map<String, SortedTree.Editor<Ref, Ref>> open = new HashMap<>();

    private Editor(TaskIndex index) {
      this.index = index;
    }

    void add(String group, Ref ref) {
      edited(group).put(ref, ref);
    }

    void remove(String group, Ref ref) {
      edited(group).remove(ref);
    }

    /// The index's own instance of an equal reference, or null.
    @Nullable Ref canonical(String group, Ref ref) {
      return edited(group).get(ref);
    }

    int count(String group) {
      var refs = open.get(group);
      return refs == null ? index.count(group) : refs.size();
    }

    private SortedTree.Editor<Ref, Ref> edited(String group) {
      return open.computeIfAbsent(
          group,
          key -> {
            var refs = index.groups.get(key);
            return (refs == null ? SortedTree.<Ref, Ref>empty(index.order) : refs).edit();
          });
    }

    TaskIndex toIndex() {
      if (open.isEmpty()) {
        return index;
      }
      var groups = index.groups.edit();
      open.forEach(
          (group, refs) -> {
            if (refs.size() == 0) {
              groups.remove(group);
            } else {
              groups.put(group, refs.toTree());
            }
          });
      return new TaskIndex(index.order, groups.toMap());
    }
  }
}
