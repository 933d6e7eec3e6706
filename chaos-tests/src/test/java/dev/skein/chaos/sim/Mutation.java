package dev.skein.chaos.sim;

import dev.skein.manager.allocate.AllocatePlanner;
import dev.skein.manager.loop.Planners;
import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.reap.ReapPlanner;
import dev.skein.manager.rearrange.RearrangePlanner;
import dev.skein.manager.reconcile.ReconcilePlanner;
import dev.skein.manager.reconcile.RunPlanner;
import dev.skein.manager.restart.EvictPlanner;
import dev.skein.manager.restart.RestartPlanner;
import dev.skein.manager.schedule.SchedulePlanner;
import dev.skein.manager.update.UpdatePlanner;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.IdSource;
import dev.skein.state.ObjectChange;
import dev.skein.state.TaskStates;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/// Known bugs, put into the real planners by hand: each takes one planner and spoils what it plans.
/// The simulator has to notice every one.
enum Mutation {
  A_REPLACED_TASK_IS_NOT_STOPPED(RestartPlanner.class, without(Mutation::stops)),

  A_REPLACEMENT_DOES_NOT_WAIT_FOR_ITS_PREDECESSOR(
      UpdatePlanner.class, each(Mutation::startingAtOnce)),

  A_RESTART_DOES_NOT_WAIT_FOR_ITS_DELAY(
      RestartPlanner.class,
      real -> (state, dirty, now) -> real.plan(state, dirty, now.plus(Duration.ofSeconds(10)))),

  A_RESTARTS_DELAY_IS_NEVER_OVER(
      RestartPlanner.class,
      real -> (state, dirty, now) -> new Plan(real.plan(state, dirty, now).changes(), List.of())),

  CHANGES_OF_NODES_ARE_NOT_SEEN(
      RestartPlanner.class, real -> (state, dirty, now) -> real.plan(state, slotsOf(dirty), now)),

  A_RESTARTS_BACKOFF_NEVER_GROWS(RestartPlanner.class, each(Mutation::forgettingTheRow)),

  A_TASK_IS_TAKEN_FOR_RUNNING_BEFORE_IT_IS_HEALTHY(
      RestartPlanner.class, real -> (state, dirty, now) -> impatient(real, state, dirty, now)),

  ONE_GENERIC_RESOURCE_IS_GIVEN_TO_ALL(SchedulePlanner.class, each(Mutation::withTheFirstGpu)),

  SCALING_DOWN_STOPS_NOTHING(ReconcilePlanner.class, without(Mutation::removes)),

  SCALING_UP_MAKES_ONE_TASK_TWICE(ReconcilePlanner.class, Mutation::creatingTwice),

  A_TASK_GOES_TO_ANY_NODE_WHETHER_IT_HAS_ROOM_OR_NOT(
      SchedulePlanner.class, real -> (state, dirty, now) -> toFirstNode(real, state, dirty, now)),

  FREED_ROOM_IS_NOT_OFFERED_TO_THOSE_WHO_WAIT(
      SchedulePlanner.class,
      real -> (state, dirty, now) -> real.plan(state, onlyNewIn(dirty, state), now)),

  TWO_SERVICES_GET_ONE_PUBLISHED_PORT(AllocatePlanner.class, each(Mutation::withOnePort)),

  AN_UPDATE_REPLACES_ALL_AT_ONCE(
      UpdatePlanner.class,
      seeing(
          service -> {
            service.getSpecBuilder().getUpdateConfigBuilder().setParallelism(0);
            return service;
          })),

  AN_UPDATE_KNOWS_NO_BUDGET(UpdatePlanner.class, seeing(Mutation::withoutBudget)),

  A_DRAIN_KNOWS_NO_BUDGET(
      EvictPlanner.class,
      seeing(
          service -> {
            service.getSpecBuilder().getUpdateConfigBuilder().setParallelism(0);
            return withoutBudget(service);
          })),

  AN_UPDATE_DOES_NOT_HOLD_AFTER_ITS_CANARIES(
      UpdatePlanner.class, seeing(service -> service.setPromotedVersion(service.getSpecVersion()))),

  A_JOB_RUNS_ALL_AT_ONCE(
      ReconcilePlanner.class,
      seeing(
          service -> {
            if (service.getSpec().getMode().hasReplicatedJob()) {
              service
                  .getSpecBuilder()
                  .getModeBuilder()
                  .getReplicatedJobBuilder()
                  .setMaxConcurrent(Integer.MAX_VALUE);
            }
            return service;
          })),

  A_JOB_RUNS_AGAIN_WHAT_IT_HAS_COMPLETED(
      RestartPlanner.class,
      seeing(
          service -> {
            if (service.getSpec().getMode().hasReplicatedJob()) {
              service.getSpecBuilder().getModeBuilder().getReplicatedBuilder().setReplicas(1);
            }
            return service;
          })),

  A_DUE_RUN_IS_BEGUN_AGAIN_AND_AGAIN(
      RunPlanner.class,
      real -> (state, dirty, now) -> forgettingWhatWasDue(real, state, dirty, now)),

  A_RUN_BEGINS_THOUGH_THE_LAST_ONE_GOES_ON(
      RunPlanner.class,
      seeing(
          service -> {
            if (service.getSpec().hasSchedule()) {
              service
                  .getSpecBuilder()
                  .getScheduleBuilder()
                  .setConcurrency(ScheduleConcurrency.SCHEDULE_CONCURRENCY_REPLACE);
            }
            return service;
          })),

  AN_EARLIER_RUN_IS_NEVER_STOPPED(ReconcilePlanner.class, without(Mutation::stops)),

  A_MOVED_TASK_IS_STOPPED_BEFORE_ITS_SUCCESSOR_RUNS(
      RearrangePlanner.class, Mutation::stoppingWhatIsMoved),

  A_MOVE_THAT_FAILS_IS_NEVER_GIVEN_UP(RearrangePlanner.class, without(Mutation::stops)),

  AN_EPHEMERAL_NODE_IS_REMOVED_WHILE_IT_IS_THERE(
      ReapPlanner.class, real -> (state, dirty, now) -> removing(real, state, dirty, now)),

  A_RUNNING_TASK_IS_REAPED(
      ReapPlanner.class, real -> (state, dirty, now) -> reapingStopped(real, state, dirty, now)),

  A_REVISION_IS_PRUNED_WHILE_TASKS_RUN_IT(
      ReapPlanner.class, real -> (state, dirty, now) -> pruning(real, state, dirty, now));

  private final Class<? extends Planner> spoiled;

  // A function without state, whatever its type says.
  @SuppressWarnings("ImmutableEnumChecker")
  private final UnaryOperator<Planner> spoil;

  Mutation(Class<? extends Planner> spoiled, UnaryOperator<Planner> spoil) {
    this.spoiled = spoiled;
    this.spoil = spoil;
  }

  List<Planner> planners(IdSource ids) {
    return Planners.create(ids).stream()
        .map(planner -> spoiled.isInstance(planner) ? spoil.apply(planner) : planner)
        .toList();
  }

  // ---- How plans are spoiled

  private static UnaryOperator<Planner> without(Predicate<Change> dropped) {
    return real ->
        (state, dirty, now) -> {
          var plan = real.plan(state, dirty, now);
          return new Plan(
              plan.changes().stream().filter(change -> !dropped.test(change)).toList(),
              plan.wakes());
        };
  }

  private static UnaryOperator<Planner> each(UnaryOperator<Change> spoiled) {
    return real ->
        (state, dirty, now) -> {
          var plan = real.plan(state, dirty, now);
          return new Plan(plan.changes().stream().map(spoiled).toList(), plan.wakes());
        };
  }

  private static boolean stops(Change change) {
    return change.getTaskDesired().getDesiredState() == TaskState.TASK_STATE_SHUTDOWN;
  }

  private static boolean removes(Change change) {
    return change.getTaskDesired().getDesiredState() == TaskState.TASK_STATE_REMOVE;
  }

  private static Change startingAtOnce(Change change) {
    return change.hasCreate()
        ? ChangeSets.create(
            change.getCreate().getTask().toBuilder()
                .setDesiredState(TaskState.TASK_STATE_RUNNING)
                .build())
        : change;
  }

  private static Change forgettingTheRow(Change change) {
    return change.hasCreate()
        ? ChangeSets.create(
            change.getCreate().getTask().toBuilder()
                .setRestartStreak(Math.min(1, change.getCreate().getTask().getRestartStreak()))
                .build())
        : change;
  }

  private static Plan impatient(Planner real, ClusterState state, Dirty dirty, Instant now) {
    var plan = real.plan(state, dirty, now);
    var changes = new ArrayList<>(plan.changes());
    for (var id : dirty.tasks()) {
      var task = state.task(id);
      if (task != null && task.getStatus().getState() == TaskState.TASK_STATE_STARTING) {
        changes.add(
            ChangeSets.status(
                task, task.getStatus().toBuilder().setState(TaskState.TASK_STATE_RUNNING).build()));
      }
    }
    return new Plan(changes, plan.wakes());
  }

  private static Change withTheFirstGpu(Change change) {
    if (change.getUpdate().getTask().getGenericResourcesCount() == 0) {
      return change;
    }
    var spoiled = change.getUpdate().getTask().toBuilder();
    spoiled.getGenericResourcesBuilder(0).getNamedResourceSpecBuilder().setValue("one");
    return ChangeSets.update(spoiled.build());
  }

  private static Dirty slotsOf(Dirty dirty) {
    var slots = new Dirty();
    dirty.slots().forEach(slot -> slots.mark(new DirtyKey.OfSlot(slot)));
    return slots;
  }

  private static Planner creatingTwice(Planner real) {
    return (state, dirty, now) -> {
      var plan = real.plan(state, dirty, now);
      var changes = new ArrayList<>(plan.changes());
      plan.changes().stream()
          .filter(Change::hasCreate)
          .findFirst()
          .ifPresent(
              change -> {
                var task = change.getCreate().getTask();
                // Another id than any other leader gives to any other task.
                var id = new IdSource(new SplittableRandom(task.getId().hashCode())).next();
                changes.add(ChangeSets.create(task.toBuilder().setId(id).build()));
              });
      return new Plan(changes, plan.wakes());
    };
  }

  private static Plan toFirstNode(Planner real, ClusterState state, Dirty dirty, Instant now) {
    var plan = real.plan(state, dirty, now);
    var first = state.nodes().isEmpty() ? "" : state.nodes().values().iterator().next().getId();
    return new Plan(
        plan.changes().stream()
            .map(
                change ->
                    hasNoNode(change, state)
                        ? ChangeSets.update(
                            change.getUpdate().getTask().toBuilder().setNodeId(first).build())
                        : change)
            .toList(),
        plan.wakes());
  }

  private static boolean hasNoNode(Change change, ClusterState state) {
    var task = state.task(change.getUpdate().getTask().getId());
    return change.hasUpdate() && task != null && task.getNodeId().isEmpty();
  }

  /// Only what is new to wait is passed on, once everything has been seen.
  private static Dirty onlyNewIn(Dirty dirty, ClusterState state) {
    if (dirty.everything()) {
      return dirty;
    }
    var passed = new Dirty();
    for (var id : dirty.tasks()) {
      var task = state.task(id);
      if (task != null && !TaskStates.isTerminal(task.getStatus().getState())) {
        passed.mark(new ObjectChange.OfTask(null, task));
      }
    }
    return passed;
  }

  private static Change withOnePort(Change change) {
    var service = change.getUpdate().getService();
    if (!change.hasUpdate() || service.getEndpoint().getPortsCount() == 0) {
      return change;
    }
    var spoiled = service.toBuilder();
    for (var port : spoiled.getEndpointBuilder().getPortsBuilderList()) {
      if (port.getPublishedPort() >= 30_000) {
        port.setPublishedPort(30_000);
      }
    }
    return ChangeSets.update(spoiled.build());
  }

  private static Service.Builder withoutBudget(Service.Builder service) {
    service.getSpecBuilder().clearMaxUnavailable();
    return service;
  }

  /// The real planner sees other services than there are.
  private static UnaryOperator<Planner> seeing(UnaryOperator<Service.Builder> spoiled) {
    return real ->
        (state, dirty, now) -> {
          var changes = new ArrayList<Change>();
          for (var service : state.services().values()) {
            changes.add(ChangeSets.update(spoiled.apply(service.toBuilder()).build()));
          }
          var seen = state.apply(state.index() + 1, List.of(ChangeSets.of(now, changes))).state();
          var plan = real.plan(seen, dirty, now);
          return new Plan(
              plan.changes().stream().map(each -> restored(each, state, seen)).toList(),
              plan.wakes());
        };
  }

  private static Change restored(Change change, ClusterState state, ClusterState seen) {
    var planned = change.getUpdate().getService();
    Service original = state.service(planned.getId());
    Service shown = seen.service(planned.getId());
    if (original == null || shown == null) {
      return change;
    }
    var restored =
        planned.toBuilder()
            .setVersion(original.getVersion())
            .setPromotedVersion(original.getPromotedVersion());
    if (planned.getSpec().equals(shown.getSpec())) {
      restored.setSpec(original.getSpec());
    }
    return ChangeSets.update(restored.build());
  }

  private static Plan reapingStopped(Planner real, ClusterState state, Dirty dirty, Instant now) {
    var plan = real.plan(state, dirty, now);
    var changes = new ArrayList<>(plan.changes());
    for (var id : dirty.tasks()) {
      var task = state.task(id);
      if (task != null
          && task.getDesiredState() == TaskState.TASK_STATE_SHUTDOWN
          && Lineage.mayStillRun(task, state)) {
        changes.add(ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, id));
      }
    }
    return new Plan(changes, plan.wakes());
  }

  private static Plan forgettingWhatWasDue(
      Planner real, ClusterState state, Dirty dirty, Instant now) {
    var plan = real.plan(state, dirty, now);
    var changes = new ArrayList<Change>();
    for (var change : plan.changes()) {
      var planned = change.getUpdate().getService().toBuilder();
      var before = state.service(planned.getId());
      if (before != null) {
        planned.getJobStatusBuilder().setScheduledAt(before.getJobStatus().getScheduledAt());
      }
      changes.add(ChangeSets.update(planned.build()));
    }
    return new Plan(changes, plan.wakes());
  }

  private static Planner stoppingWhatIsMoved(Planner real) {
    return (state, dirty, now) -> {
      var plan = real.plan(state, dirty, now);
      var changes = new ArrayList<>(plan.changes());
      for (var change : plan.changes()) {
        var moved = change.getCreate().getTask().getMovedFrom();
        if (!moved.isEmpty()) {
          changes.add(ChangeSets.desire(moved, TaskState.TASK_STATE_SHUTDOWN));
        }
      }
      return new Plan(changes, plan.wakes());
    };
  }

  private static Plan removing(Planner real, ClusterState state, Dirty dirty, Instant now) {
    var plan = real.plan(state, dirty, now);
    var changes = new ArrayList<>(plan.changes());
    for (var id : dirty.nodes()) {
      var node = state.node(id);
      if (node != null && node.getSpec().getEphemeral() && !Lineage.isDown(node)) {
        changes.add(ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, id, node.getVersion()));
      }
    }
    return new Plan(changes, plan.wakes());
  }

  private static Plan pruning(Planner real, ClusterState state, Dirty dirty, Instant now) {
    var plan = real.plan(state, dirty, now);
    var changes = new ArrayList<>(plan.changes());
    for (var id : dirty.services()) {
      var service = state.service(id);
      var planned =
          changes.stream().anyMatch(change -> change.getUpdate().getService().getId().equals(id));
      if (service != null && service.getRevisionsCount() > 0 && !planned) {
        changes.add(ChangeSets.update(service.toBuilder().clearRevisions().build()));
      }
    }
    return new Plan(changes, plan.wakes());
  }
}
