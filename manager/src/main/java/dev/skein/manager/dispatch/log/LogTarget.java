package dev.skein.manager.dispatch.log;

import dev.skein.proto.v1.LogsRequest;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/// What a request for logs refers to: an id, a service's name, or a prefix of one id only.
final class LogTarget {

  private LogTarget() {}

  static @Nullable Service service(ClusterState state, LogsRequest asked) {
    var ref = asked.getRef();
    if (asked.getKind() == ObjectKind.OBJECT_KIND_TASK || ref.isEmpty()) {
      return null;
    }
    var byId = state.service(ref);
    if (byId != null) {
      return byId;
    }
    var byName = state.serviceByName(ref);
    return byName != null ? byName : only(state.services().valuesWithPrefix(ref).iterator());
  }

  static @Nullable Task task(ClusterState state, LogsRequest asked) {
    var ref = asked.getRef();
    if (asked.getKind() == ObjectKind.OBJECT_KIND_SERVICE || ref.isEmpty()) {
      return null;
    }
    var byId = state.task(ref);
    return byId != null ? byId : only(state.tasks().valuesWithPrefix(ref).iterator());
  }

  private static <T> @Nullable T only(Iterator<T> found) {
    if (!found.hasNext()) {
      return null;
    }
    var first = found.next();
    return found.hasNext() ? null : first;
  }
}
