package dev.skein.chaos.sim;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tells what commits changed, a line each, for whoever replays a failure.
final class Trace {
  private static final int ID_LENGTH = 6;

  private Trace() {}

  static List<String> lines(Commit commit, Instant now) {
    var lines = new ArrayList<String>();
    for (var change : commit.changes()) {
      var text =
          switch (change) {
            case ObjectChange.OfTask(var before, var after) -> task(before, after);
            case ObjectChange.OfService(var before, var after) -> service(before, after);
            case ObjectChange.OfNode(var before, var after) -> node(before, after);
            case ObjectChange.OfCluster ignored -> "cluster";
          };
      lines.add("%s %5d %s".formatted(now, commit.index(), text));
    }
    return lines;
  }

  private static String task(@Nullable Task before, @Nullable Task after) {
    var task = after == null ? before : after;
    if (task == null) {
      return "";
    }
    var what = before == null ? "new" : after == null ? "gone" : "";
    return "task %s of %s.%d v%d on '%s' %s desired %s restarts %d %s %s"
        .formatted(
            brief(task.getId()),
            brief(task.getServiceId()),
            task.getSlot(),
            task.getSpecVersion(),
            task.getNodeId(),
            task.getStatus().getState(),
            task.getDesiredState(),
            task.getRestarts(),
            what,
            task.getStatus().getErr());
  }

  private static String service(@Nullable Service before, @Nullable Service after) {
    var service = after == null ? before : after;
    if (service == null) {
      return "";
    }
    var what = before == null ? "new" : after == null ? "gone" : "";
    return "service %s %s v%d replicas %d %s %s%s"
        .formatted(
            brief(service.getId()),
            service.getSpec().getName(),
            service.getSpecVersion(),
            Defaults.replicas(service.getSpec()),
            service.getUpdateStatus().getState(),
            service.getPendingDelete() ? "being removed " : "",
            what);
  }

  private static String node(@Nullable Node before, @Nullable Node after) {
    var node = after == null ? before : after;
    if (node == null) {
      return "";
    }
    return "node %s %s %s %s"
        .formatted(
            node.getId(),
            node.getStatus().getState(),
            node.getSpec().getAvailability(),
            after == null ? "gone" : "");
  }

  private static String brief(String id) {
    return id.substring(0, Math.min(ID_LENGTH, id.length()));
  }
}
