package dev.skein.manager.control;

import dev.skein.manager.schedule.Requirements;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Filter;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Mode;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a list's filters choose, kind by kind, with Docker's names and meanings.
final class ObjectFilter {
  private static final Set<String> SERVICE = Set.of("id", "name", "label", "mode", "runtime");
  private static final Set<String> NODE =
      Set.of("id", "name", "label", "node.label", "role", "membership");
  private static final Set<String> TASK =
      Set.of("id", "name", "service", "node", "desired-state", "label", "runtime", "_up-to-date");

  private static final Map<String, TaskState> STATES =
      Stream.of(TaskState.values())
          .filter(state -> state != TaskState.UNRECOGNIZED)
          .collect(
              Collectors.toMap(
                  state -> state.name().substring("TASK_STATE_".length()).toLowerCase(Locale.ROOT),
                  state -> state));

  private static final Map<String, Mode> MODES =
      Stream.of(Mode.values()).collect(Collectors.toMap(Mode::text, mode -> mode));

  private ObjectFilter() {}

  static Predicate<Service> services(List<Filter> list) throws Rejection {
    var filters = new Filters(list, SERVICE);
    var modes = filters.choices("mode", MODES);
    return service ->
        !service.getPendingDelete()
            && filters.prefix("id", service.getId())
            && filters.prefixIgnoringCase("name", service.getSpec().getName())
            && filters.labels("label", service.getSpec().getLabelsMap())
            && (modes.isEmpty() || modes.contains(Mode.of(service.getSpec())))
            && filters.any("runtime", runtime(service.getSpec().getTaskTemplate()), String::equals);
  }

  static Predicate<Node> nodes(List<Filter> list) throws Rejection {
    var filters = new Filters(list, NODE);
    var roles =
        filters.choices(
            "role",
            Map.of("manager", NodeRole.NODE_ROLE_MANAGER, "worker", NodeRole.NODE_ROLE_WORKER));
    // Whoever has a certificate was accepted by its token: there are no pending nodes.
    var memberships = filters.choices("membership", Map.of("accepted", true, "pending", false));
    return node ->
        filters.prefix("id", node.getId())
            && filters.prefixIgnoringCase("name", Lookup.name(node))
            && filters.labels("label", node.getDescription().getEngine().getLabelsMap())
            && filters.labels("node.label", node.getSpec().getLabelsMap())
            && (roles.isEmpty() || roles.contains(node.getSpec().getRole()))
            && (memberships.isEmpty() || memberships.contains(true));
  }

  /// Which tasks, and where to look for them: a list of one service's or one node's tasks costs as
  /// much as those.
  record TaskChoice(Collection<Task> candidates, Predicate<Task> chosen) {}

  static TaskChoice tasks(ClusterState state, List<Filter> list) throws Rejection {
    var filters = new Filters(list, TASK);
    var services = new HashSet<String>();
    for (var ref : filters.of("service")) {
      // One that is being removed is still meant by its id: its tasks are being drained.
      services.add(state.service(ref) != null ? ref : Lookup.service(state, ref).getId());
    }
    var nodes = new HashSet<String>();
    for (var ref : filters.of("node")) {
      nodes.add(Lookup.node(state, ref).getId());
    }
    var desired = filters.choices("desired-state", STATES);
    var anyAge = filters.of("_up-to-date").isEmpty();
    var upToDate = filters.flag("_up-to-date", true);
    var revisions = new HashMap<String, ServiceRevisions>();
    Predicate<Task> chosen =
        task -> {
          var service = state.service(task.getServiceId());
          if (service == null) {
            return false;
          }
          return (services.isEmpty() || services.contains(task.getServiceId()))
              && (nodes.isEmpty() || nodes.contains(task.getNodeId()))
              && filters.prefix("id", task.getId())
              && filters.prefixIgnoringCase(
                  "name", ObjectView.taskName(service.getSpec().getName(), task))
              && (desired.isEmpty() || desired.contains(ObjectView.desired(task)))
              && filters.labels("label", service.getSpec().getLabelsMap())
              && filters.any(
                  "runtime", runtime(service.getSpec().getTaskTemplate()), String::equals)
              && (anyAge
                  || revisions
                          .computeIfAbsent(service.getId(), id -> new ServiceRevisions(service))
                          .isUpToDate(task, state.node(task.getNodeId()))
                      == upToDate);
        };
    return new TaskChoice(candidates(state, services, nodes), chosen);
  }

  private static Collection<Task> candidates(
      ClusterState state, Set<String> services, Set<String> nodes) {
    if (services.size() == 1) {
      return state.tasksOfService(services.iterator().next());
    }
    if (nodes.size() == 1) {
      return state.tasksOfNode(nodes.iterator().next());
    }
    return state.tasks().values();
  }

  private static String runtime(TaskSpec spec) {
    return spec.getRuntime().isEmpty() ? Requirements.DEFAULT_RUNTIME : spec.getRuntime();
  }
}
