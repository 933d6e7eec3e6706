package dev.skein.manager.explain;

import dev.skein.manager.plan.Endpoints;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.schedule.PlacementReasons;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.ExplainServiceResponse;
import dev.skein.proto.v1.NodeRefusal;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.SlotExplanation;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateState;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Tells in sentences why a service is not as it is asked for, or that it is: a function of the
/// replicated state and the time, and so the same on every leader.
public final class ServiceExplanation {
  /// Slots told of; the rest is counted.
  public static final int SLOTS_MAX = 50;

  private final ClusterState state;
  private final Service service;
  private final Instant now;
  private final ServiceRevisions revisions;
  private final SlotSentence sentences;
  private final ExplainServiceResponse.Builder answer = ExplainServiceResponse.newBuilder();
  private final Map<String, List<NodeRefusal>> refusals = new HashMap<>();
  private @Nullable PlacementReasons reasons;

  private ServiceExplanation(ClusterState state, Service service, Instant now) {
    this.state = state;
    this.service = service;
    this.now = now;
    this.revisions = new ServiceRevisions(service);
    this.sentences = new SlotSentence(state, service, revisions, now);
  }

  /// Explains a service.
  ///
  /// @param now for how long something still lasts
  public static ExplainServiceResponse of(ClusterState state, Service service, Instant now) {
    return new ServiceExplanation(state, service, now).answer();
  }

  private ExplainServiceResponse answer() {
    answer.setServiceId(service.getId()).setServiceName(service.getSpec().getName());
    if (Jobs.isJob(service)) {
      return job();
    }
    var wrong = new ArrayList<Task>();
    var running = 0;
    var filled = 0;
    for (var lineage : slots().values()) {
      var filling = lineage.filling();
      if (filling.isEmpty()) {
        continue;
      }
      filled++;
      if (filling.stream().anyMatch(this::isWell)) {
        running++;
      }
      var last = filling.getLast();
      if (!isWell(last) || !revisions.isUpToDate(last, state.node(last.getNodeId()))) {
        wrong.add(last);
      }
    }
    var wanted = Defaults.isReplicated(service.getSpec()) ? wanted() : filled;
    var missing = Math.max(0, wanted - filled);
    var paused = isStopped();
    answer.setAsDesired(wrong.isEmpty() && missing == 0 && filled == wanted && !paused);
    answer.addSentences(
        "Service %s is %s: %d of %d tasks are running."
            .formatted(
                service.getSpec().getName(),
                answer.getAsDesired() ? "as desired" : "not as desired",
                running,
                wanted));
    addUpdate(paused);
    if (!Endpoints.isAllocated(service)) {
      answer.addSentences("It waits for its published ports to be allocated.");
    }
    if (missing > 0) {
      answer.addSentences("%d tasks are still to be made.".formatted(missing));
    }
    if (filled > wanted) {
      answer.addSentences("%d tasks too many are still to be removed.".formatted(filled - wanted));
    }
    return withSlots(wrong);
  }

  private ExplainServiceResponse job() {
    var job = new JobExplanation(state, service, now);
    answer.setAsDesired(job.isAsDesired()).addAllSentences(job.sentences());
    if (!Endpoints.isAllocated(service)) {
      answer.setAsDesired(false).addSentences("It waits for its published ports to be allocated.");
    }
    return withSlots(job.toExplain());
  }

  private ExplainServiceResponse withSlots(List<Task> wrong) {
    wrong.stream().limit(SLOTS_MAX).forEach(this::addSlot);
    answer.setSlotsOmitted(Math.max(0, wrong.size() - SLOTS_MAX));
    return answer.build();
  }

  private long wanted() {
    return Defaults.replicas(service.getSpec());
  }

  private Map<Slot, Lineage> slots() {
    var tasks = new TreeMap<Slot, List<Task>>();
    for (var task : state.tasksOfService(service.getId())) {
      tasks.computeIfAbsent(Slot.of(task), slot -> new ArrayList<>(2)).add(task);
    }
    var slots = new TreeMap<Slot, Lineage>();
    tasks.forEach((slot, each) -> slots.put(slot, Lineage.of(each)));
    return slots;
  }

  private boolean isWell(Task task) {
    return task.getStatus().getState() == TaskState.TASK_STATE_RUNNING
        && !Lineage.isLost(task, state)
        && !SlotSentence.isUnhealthy(task);
  }

  private boolean isStopped() {
    var update = service.getUpdateStatus().getState();
    return update == UpdateState.UPDATE_STATE_PAUSED
        || update == UpdateState.UPDATE_STATE_ROLLBACK_PAUSED;
  }

  private void addUpdate(boolean paused) {
    var update = service.getUpdateStatus();
    var message = update.getMessage();
    if (paused) {
      answer.addSentences(
          "Its update has stopped: %s. Update the service again to go on, or go back with"
                  .formatted(message.isEmpty() ? "paused" : message)
              + " 'skein service update --rollback %s'.".formatted(service.getSpec().getName()));
    } else if (update.getState() == UpdateState.UPDATE_STATE_UPDATING
        || update.getState() == UpdateState.UPDATE_STATE_ROLLBACK_STARTED) {
      answer.addSentences("An update is under way: %s.".formatted(message));
    } else if (update.getState() == UpdateState.UPDATE_STATE_CANARY) {
      var name = service.getSpec().getName();
      answer.addSentences(
          ("Its update holds at its canaries: %s. Go on with 'skein service promote %s', or go back"
                  + " with 'skein service update --rollback %s'.")
              .formatted(message, name, name));
    }
  }

  private void addSlot(Task task) {
    var slot =
        SlotExplanation.newBuilder()
            .setSlot(sentences.name(task))
            .setTaskId(task.getId())
            .setNodeId(task.getNodeId())
            .setState(task.getStatus().getState())
            .setSentence(sentences.of(task));
    if (task.getStatus().getState() == TaskState.TASK_STATE_PENDING) {
      // Tasks of one revision that wait for any node are refused for the same reasons.
      slot.addAllRefusals(
          refusals.computeIfAbsent(
              task.getSpecVersion() + "/" + task.getNodeId(), key -> reasons().refusals(task)));
    }
    answer.addSlots(slot);
  }

  private PlacementReasons reasons() {
    var known = reasons;
    if (known == null) {
      known = new PlacementReasons(state);
      reasons = known;
    }
    return known;
  }
}
