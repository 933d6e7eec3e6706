package dev.skein.chaos.sim;

import static dev.skein.chaos.sim.CommitInvariants.require;

import dev.skein.manager.plan.Canary;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Slot;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// An update never has more replacements under way than its parallelism, and before its promotion
/// never replaces more slots than it has canaries. It remembers which tasks the latest update of a
/// service has put into the place of older ones, until they run or are given up, and which slots.
final class UpdateInvariant {
  /// Leaders' clocks differ by up to this.
  private static final Duration CLOCK_SKEW = Duration.ofSeconds(5);

  private final TreeMap<String, Update> updates = new TreeMap<>();

  private record Update(long specVersion, TreeSet<String> underWay, TreeSet<Slot> slots) {}

  void check(Commit commit, Instant now) {
    for (var change : commit.changes()) {
      if (change instanceof ObjectChange.OfTask(var before, var after)
          && before == null
          && after != null
          && replacesAnOlderOne(after, commit)) {
        var update = updates.get(after.getServiceId());
        if (update == null || update.specVersion < after.getSpecVersion()) {
          update = new Update(after.getSpecVersion(), new TreeSet<>(), new TreeSet<>());
          updates.put(after.getServiceId(), update);
        }
        update.underWay.add(after.getId());
        update.slots.add(Slot.of(after));
        noMoreThanTheCanariesAreReplaced(update, after, commit.after());
      }
    }
    for (var each : updates.entrySet()) {
      var underWay = each.getValue().underWay;
      underWay.removeIf(id -> !isUnderWay(commit.after().task(id), commit.after(), now));
      var service = commit.after().service(each.getKey());
      if (service != null) {
        require(
            underWay.size() <= parallelism(service),
            "service %s has %s replaced at once, more than %d",
            service.getSpec().getName(),
            underWay,
            parallelism(service));
      }
    }
  }

  private static void noMoreThanTheCanariesAreReplaced(
      Update update, Task created, ClusterState state) {
    var service = state.service(created.getServiceId());
    if (service == null
        || service.getSpecVersion() != update.specVersion
        || !Canary.isInForce(service)
        || changedWhileItWasPlanned(service, created)) {
      return;
    }
    update.slots.removeIf(slot -> !isFilledBy(update, slot, state));
    var canaries = service.getSpec().getUpdateConfig().getCanary();
    require(
        update.slots.size() <= canaries,
        "service %s has replaced slots %s, more than its %d canaries",
        service.getSpec().getName(),
        update.slots,
        canaries);
  }

  /// A user may have ended a rollback, which has no canaries, before its last plan was committed.
  private static boolean changedWhileItWasPlanned(Service service, Task created) {
    return Times.instant(service.getUpdatedAt())
        .plus(CommitInvariants.RACE)
        .isAfter(Times.instant(created.getCreatedAt()));
  }

  private static boolean isFilledBy(Update update, Slot slot, ClusterState state) {
    return Lineage.of(state, slot).filling().stream()
        .anyMatch(task -> task.getSpecVersion() == update.specVersion);
  }

  private static boolean isUnderWay(@Nullable Task task, ClusterState state, Instant now) {
    return task != null
        && TaskStates.wantsToRun(task)
        && TaskStates.isBefore(task.getStatus().getState(), TaskState.TASK_STATE_RUNNING)
        && !Lineage.isLost(task, state)
        && now.isBefore(
            Times.instant(task.getCreatedAt())
                .plus(progressDeadline(state.service(task.getServiceId())))
                .minus(CLOCK_SKEW));
  }

  private static Duration progressDeadline(@Nullable Service service) {
    if (service == null) {
      return Defaults.UPDATE_PROGRESS_DEADLINE;
    }
    var update = Defaults.updateProgressDeadline(service.getSpec().getUpdateConfig());
    var rollback = Defaults.updateProgressDeadline(service.getSpec().getRollbackConfig());
    return update.compareTo(rollback) < 0 ? update : rollback;
  }

  /// Whether the same commit, for no other reason than its revision, takes an older task out of the
  /// slot or leaves it there to be replaced.
  private static boolean replacesAnOlderOne(Task task, Commit commit) {
    if (task.hasJobIteration()) {
      // Another iteration begins as it may, not as an update.
      return false;
    }
    var older = false;
    for (var other : Slot.of(task).tasks(commit.before())) {
      if (TaskStates.wantsToRun(other)) {
        if (other.getSpecVersion() >= task.getSpecVersion()) {
          // It stands in for one that the update made before.
          return false;
        }
        older = true;
      }
    }
    return older;
  }

  private static long parallelism(Service service) {
    var update = Defaults.updateParallelism(service.getSpec().getUpdateConfig());
    var rollback = Defaults.updateParallelism(service.getSpec().getRollbackConfig());
    return update == 0 || rollback == 0 ? Long.MAX_VALUE : Math.max(update, rollback);
  }
}
