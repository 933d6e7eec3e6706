package dev.skein.manager.allocate;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.Endpoints;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.proto.v1.Endpoint;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ClusterState;
import dev.skein.state.Times;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;

/// Gives services their published ports, and lets their tasks go on to be scheduled once they
/// have them. Until then the tasks' status says what the service waits for.
public final class AllocatePlanner implements Planner {
  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    var plan = Plan.builder();
    var ports = new PublishedPorts(state);
    for (var id : toLookAt(state, dirty)) {
      var service = state.service(id);
      if (service != null && !service.getPendingDelete()) {
        allocate(service, ports, state, now, plan);
      }
    }
    return plan.build();
  }

  /// A service that gave ports back may end another's wait, so every waiting one is looked at again
  /// with it; and the new task of a waiting one has to be told what it waits for.
  private static Set<String> toLookAt(ClusterState state, Dirty dirty) {
    var ids = new LinkedHashSet<>(dirty.services());
    for (var slot : dirty.slots()) {
      var service = ids.contains(slot.serviceId()) ? null : state.service(slot.serviceId());
      if (service != null && !Endpoints.isAllocated(service)) {
        ids.add(service.getId());
      }
    }
    if (!dirty.services().isEmpty() && !dirty.everything()) {
      for (var service : state.services().values()) {
        if (!Endpoints.isAllocated(service)) {
          ids.add(service.getId());
        }
      }
    }
    return ids;
  }

  private static void allocate(
      Service service, PublishedPorts ports, ClusterState state, Instant now, Plan.Builder plan) {
    if (Endpoints.isAllocated(service)) {
      release(service, state, now, plan);
      return;
    }
    switch (ports.allocate(service)) {
      case PublishedPorts.Allocated(var allocated) -> {
        plan.update(
            service.toBuilder()
                .setEndpoint(
                    Endpoint.newBuilder()
                        .setSpec(service.getSpec().getEndpointSpec())
                        .addAllPorts(allocated))
                .build());
        release(service, state, now, plan);
      }
      case PublishedPorts.Refused(var reason) -> explain(service, reason, state, now, plan);
    }
  }

  private static void release(Service service, ClusterState state, Instant now, Plan.Builder plan) {
    for (var task : state.tasksOfService(service.getId())) {
      if (task.getStatus().getState() == TaskState.TASK_STATE_NEW) {
        plan.observe(
            task,
            TaskStatus.newBuilder()
                .setTimestamp(Times.timestamp(now))
                .setState(TaskState.TASK_STATE_PENDING)
                .setMessage("pending task scheduling")
                .build());
      }
    }
  }

  private static void explain(
      Service service, String reason, ClusterState state, Instant now, Plan.Builder plan) {
    for (var task : state.tasksOfService(service.getId())) {
      if (task.getStatus().getState() == TaskState.TASK_STATE_NEW
          && !task.getStatus().getErr().equals(reason)) {
        plan.observe(
            task,
            TaskStatus.newBuilder()
                .setTimestamp(Times.timestamp(now))
                .setState(TaskState.TASK_STATE_NEW)
                .setMessage("waiting for its published ports")
                .setErr(reason)
                .build());
      }
    }
  }
}
