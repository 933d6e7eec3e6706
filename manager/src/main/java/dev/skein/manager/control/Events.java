package dev.skein.manager.control;

import com.google.protobuf.Timestamp;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Event;
import dev.skein.proto.v1.JobStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import dev.skein.state.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What users are told of a commit, with Docker's types, actions and attribute names; of tasks
/// Docker tells nothing, so theirs are ours. As in Docker's events of containers, labels are among
/// the attributes: those of the node or the service, and of a task those of its service. Pure.
final class Events {
  private Events() {}

  /// The events of a commit, in order.
  ///
  /// @param now stands for the time of removals, which leave no timestamp behind
  static List<Event> of(Commit commit, Instant now) {
    var events = new ArrayList<Event>();
    for (var change : commit.changes()) {
      var event =
          switch (change) {
            case ObjectChange.OfNode(var before, var after) -> node(before, after);
            case ObjectChange.OfService(var before, var after) -> service(before, after);
            case ObjectChange.OfTask(var before, var after) -> task(commit, before, after);
            case ObjectChange.OfCluster(var before, var after) -> cluster(before, after);
          };
      if (event != null) {
        events.add(
            event
                .setActorId(change.id())
                .setIndex(commit.index())
                .setTime(time(change, now))
                .build());
      }
    }
    return events;
  }

  private static Timestamp time(ObjectChange change, Instant now) {
    return switch (change.after()) {
      case Node node -> node.getUpdatedAt();
      case Service service -> service.getUpdatedAt();
      case Task task -> task.getUpdatedAt();
      case Cluster cluster -> cluster.getUpdatedAt();
      case null, default -> Times.timestamp(now);
    };
  }

  private static Event.Builder node(@Nullable Node before, @Nullable Node after) {
    var event = event("node", before, after);
    labels(event, either(before, after).getSpec().getLabelsMap());
    event.putAttributes("name", Lookup.name(either(before, after)));
    if (before != null && after != null) {
      changed(
          event,
          "state",
          word(before.getStatus().getState(), "NODE_STATE_"),
          word(after.getStatus().getState(), "NODE_STATE_"));
      changed(
          event,
          "availability",
          word(before.getSpec().getAvailability(), "NODE_AVAILABILITY_"),
          word(after.getSpec().getAvailability(), "NODE_AVAILABILITY_"));
      changed(
          event,
          "role",
          word(before.getSpec().getRole(), "NODE_ROLE_"),
          word(after.getSpec().getRole(), "NODE_ROLE_"));
    }
    return event;
  }

  /// A service is removed, to users, when that is asked for; what happens until it is gone are
  /// events of its tasks.
  private static Event.@Nullable Builder service(
      @Nullable Service before, @Nullable Service after) {
    if (before != null && before.getPendingDelete()) {
      return null;
    }
    var removed = after == null || after.getPendingDelete();
    var event = event("service", before, removed ? null : after);
    labels(event, either(before, after).getSpec().getLabelsMap());
    event.putAttributes("name", either(before, after).getSpec().getName());
    if (before != null && after != null && !removed) {
      if (Defaults.isReplicated(after.getSpec())) {
        changed(
            event,
            "replicas",
            Long.toString(Defaults.replicas(before.getSpec())),
            Long.toString(Defaults.replicas(after.getSpec())));
      }
      autoscaled(event, before, after);
      scheduled(event, before.getJobStatus(), after.getJobStatus());
      changed(event, "image", image(before), image(after));
      changed(
          event,
          "updatestate",
          word(before.getUpdateStatus().getState(), "UPDATE_STATE_"),
          word(after.getUpdateStatus().getState(), "UPDATE_STATE_"));
    }
    return event;
  }

  /// Who changed the number of replicas, and why, where that was the leader.
  private static void autoscaled(Event.Builder event, Service before, Service after) {
    if (after.hasAutoscaleStatus()
        && !after.getAutoscaleStatus().equals(before.getAutoscaleStatus())) {
      event.putAttributes("autoscale", after.getAutoscaleStatus().getMessage());
    }
  }

  /// The run of a job that has begun, and what became of a due time of its schedule.
  private static void scheduled(Event.Builder event, JobStatus before, JobStatus after) {
    changed(
        event,
        "jobiteration",
        Long.toUnsignedString(before.getJobIteration().getIndex()),
        Long.toUnsignedString(after.getJobIteration().getIndex()));
    var isBegun = !before.getJobIteration().equals(after.getJobIteration());
    var isSkipped = before.getSkipped() != after.getSkipped();
    if (isSkipped || (isBegun && !before.getScheduledAt().equals(after.getScheduledAt()))) {
      event.putAttributes("schedule", isSkipped ? "run skipped" : "run begun");
      event.putAttributes("schedule.due", Times.instant(after.getScheduledAt()).toString());
    }
  }

  private static String image(Service service) {
    return service.getSpec().getTaskTemplate().getContainerSpec().getImage();
  }

  /// Null when neither of a task's states changed.
  private static Event.@Nullable Builder task(
      Commit commit, @Nullable Task before, @Nullable Task after) {
    var task = either(before, after);
    var event = event("task", before, after);
    var states = event.getAttributesCount();
    if (before != null && after != null) {
      changed(event, "state", state(before), state(after));
      changed(event, "desiredstate", desired(before), desired(after));
      if (event.getAttributesCount() == states) {
        return null;
      }
    } else if (after != null) {
      event.putAttributes("state.new", state(after));
      event.putAttributes("desiredstate.new", desired(after));
    }
    var service = service(commit, task.getServiceId());
    if (service != null) {
      labels(event, service.getSpec().getLabelsMap());
      event.putAttributes("service.name", service.getSpec().getName());
      event.putAttributes("name", ObjectView.taskName(service.getSpec().getName(), task));
    }
    event.putAttributes("service.id", task.getServiceId());
    if (!task.getNodeId().isEmpty()) {
      event.putAttributes("node.id", task.getNodeId());
    }
    if (after != null && !after.getStatus().getErr().isEmpty()) {
      event.putAttributes("err", after.getStatus().getErr());
    }
    return event;
  }

  /// What the event itself says goes before a label of the same name.
  private static void labels(Event.Builder event, Map<String, String> labels) {
    var said = Map.copyOf(event.getAttributesMap());
    event.putAllAttributes(labels).putAllAttributes(said);
  }

  private static @Nullable Service service(Commit commit, String id) {
    ClusterState after = commit.after();
    var service = after.service(id);
    return service != null ? service : commit.before().service(id);
  }

  private static Event.Builder cluster(@Nullable Cluster before, @Nullable Cluster after) {
    return event("cluster", before, after)
        .putAttributes("name", either(before, after).getSpec().getName());
  }

  private static Event.Builder event(String type, @Nullable Object before, @Nullable Object after) {
    return Event.newBuilder()
        .setType(type)
        .setAction(before == null ? "create" : after == null ? "remove" : "update");
  }

  private static void changed(Event.Builder event, String what, String before, String after) {
    if (!before.equals(after)) {
      event.putAttributes(what + ".old", before);
      event.putAttributes(what + ".new", after);
    }
  }

  private static String state(Task task) {
    return word(task.getStatus().getState(), "TASK_STATE_");
  }

  private static String desired(Task task) {
    return word(ObjectView.desired(task), "TASK_STATE_");
  }

  /// As the API writes it: without the enum's prefix, in lower case; nothing for "unspecified".
  private static String word(Enum<?> value, String prefix) {
    var name = value.name().replace(prefix, "");
    return name.equals("UNSPECIFIED") ? "" : name.toLowerCase(Locale.ROOT);
  }

  private static <T> T either(@Nullable T before, @Nullable T after) {
    return Objects.requireNonNull(after != null ? after : before);
  }
}
