package dev.skein.chaos.check;

import java.util.List;
import java.util.Set;

/// Services and tasks as one manager showed them at one moment.
///
/// @param nanos when, by the caller's monotonic clock
public record Glimpse(long nanos, List<ServiceView> services, List<TaskView> tasks) {
  public Glimpse {
    services = List.copyOf(services);
    tasks = List.copyOf(tasks);
  }

  /// A service.
  ///
  /// @param desired how many of its tasks are to run
  /// @param startFirst whether an update may have two tasks of a slot for a while
  public record ServiceView(String id, String name, long desired, boolean startFirst) {}

  /// A task.
  ///
  /// @param service its service's id
  /// @param slot from 1; 0 for a global service's
  /// @param node empty until it is placed
  /// @param state what was observed, as Docker writes it
  /// @param desired what it is to be, as Docker writes it
  /// @param endpoints where only this task may be reached: `NODE:PORT/PROTOCOL` for a host's port,
  ///     else an address
  public record TaskView(
      String id,
      String service,
      int slot,
      String node,
      String state,
      String desired,
      Set<String> endpoints) {
    public TaskView {
      endpoints = Set.copyOf(endpoints);
    }

    boolean isWanted() {
      return desired.equals("running");
    }

    boolean runs() {
      return state.equals("running");
    }

    boolean hasEnded() {
      return switch (state) {
        case "complete", "shutdown", "failed", "rejected", "remove", "orphaned" -> true;
        default -> false;
      };
    }

    /// What only one task may be at a time: a replica, or a global service's part on a node.
    String place() {
      return service + (slot > 0 ? "." + slot : " on " + node);
    }
  }
}
