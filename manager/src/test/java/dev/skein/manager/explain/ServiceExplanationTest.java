package dev.skein.manager.explain;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.ExplainServiceResponse;
import dev.skein.proto.v1.Health;
import dev.skein.proto.v1.HealthState;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ChangeSets;
import dev.skein.state.Times;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServiceExplanationTest {
  private final World world = new World();

  private ExplainServiceResponse explain() {
    return ServiceExplanation.of(world.state(), world.service("web"), world.now());
  }

  private String onlySentence() {
    var explained = explain();
    assertThat(explained.getAsDesired()).isFalse();
    assertThat(explained.getSlotsList()).hasSize(1);
    return explained.getSlots(0).getSentence();
  }

  @Test
  void aServiceThatIsAsDesiredIsSaidToBe() {
    world.nodes("a", "b").create(replicated("web", 3)).work();
    assertThat(explain())
        .isEqualTo(
            ExplainServiceResponse.newBuilder()
                .setServiceId("web")
                .setServiceName("web")
                .setAsDesired(true)
                .addSentences("Service web is as desired: 3 of 3 tasks are running.")
                .build());
  }

  @Test
  void aTaskThatWaitsForANodeIsExplainedNodeByNode() {
    world
        .nodes("big", "down", "drained", "east", "other")
        .nodeState("down", NodeState.NODE_STATE_DOWN)
        .availability("drained", NodeAvailability.NODE_AVAILABILITY_DRAIN)
        .label("big", "zone", "east")
        .label("east", "zone", "east")
        .node(
            "east",
            node -> {
              node.getDescriptionBuilder().getResourcesBuilder().setNanoCpus(1_000_000_000L);
              return node;
            });
    var spec = replicated("web", 2);
    spec.getTaskTemplateBuilder()
        .getPlacementBuilder()
        .addConstraints("node.labels.zone in (east)");
    spec.getTaskTemplateBuilder()
        .getResourcesBuilder()
        .getReservationsBuilder()
        .setNanoCpus(2_500_000_000L);
    world.create(spec).work();

    var explained = explain();

    assertThat(explained.getSentencesList())
        .containsExactly("Service web is not as desired: 1 of 2 tasks are running.");
    assertThat(explained.getSlotsList()).hasSize(1);
    var slot = explained.getSlots(0);
    assertThat(slot.getSentence()).startsWith("web.2 waits for a node: no suitable node");
    assertThat(slot.getRefusalsList())
        .extracting(refusal -> refusal.getNodeName() + ": " + refusal.getReason())
        .containsExactly(
            "big: insufficient resources: 1.5 of 4 CPUs are free, it needs 2.5",
            "down: the node is down",
            "drained: the node is drained",
            "east: insufficient resources: 1 of 1 CPUs are free, it needs 2.5",
            "other: the constraint 'node.labels.zone in (east)' does not hold");
    assertThat(slot.getRefusals(0).getFilter()).isEqualTo("resources");
  }

  @Test
  void aRestartThatIsDelayedIsSaidToStartWhen() {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder()
        .getRestartPolicyBuilder()
        .setMaxDelay(Times.proto(Duration.ofMinutes(5)));
    world.nodes("a").create(spec).work();
    world.fail(world.slot("web", 1)).passWorking(Duration.ofSeconds(5));
    world.fail(world.slot("web", 1)).pass(Duration.ofSeconds(4));
    assertThat(onlySentence())
        .isEqualTo(
            "web.1 starts at 2026-01-01T00:00:15Z, in 6 s, by its restart delay after 2 restarts"
                + " in a row; the task before it ended: exit code 1.");
  }

  @Test
  void aTaskThatIsNotReplacedIsSaidToStayAsItIs() {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder()
        .getRestartPolicyBuilder()
        .setCondition(RestartCondition.RESTART_CONDITION_NONE);
    world.nodes("a").create(spec).work();
    world.fail(world.slot("web", 1)).work();
    assertThat(onlySentence())
        .isEqualTo(
            "web.1 ended on node a as failed: exit code 1, and is not replaced: its restart"
                + " condition is none.");
  }

  @Test
  void aTaskThatUsedItsAttemptsUpIsSaidToHave() {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder().getRestartPolicyBuilder().setMaxAttempts(1);
    world.nodes("a").create(spec).work();
    world.fail(world.slot("web", 1)).passWorking(Duration.ofSeconds(5));
    world.fail(world.slot("web", 1)).passWorking(Duration.ofMinutes(1));
    assertThat(onlySentence()).endsWith("it was restarted 1 times, as often as it may be.");
  }

  @Test
  void aHealthCheckThatFailsIsToldWithItsLastOutput() {
    world.nodes("a").create(replicated("web", 1)).work();
    var task = world.slot("web", 1);
    world.scale("web", 2).settle();
    var starting = world.slot("web", 2);
    status(
        starting.getId(),
        TaskState.TASK_STATE_STARTING,
        HealthState.HEALTH_STATE_STARTING,
        "health check failed (1 of 3): status 503");
    assertThat(explain().getSlots(0).getSentence())
        .isEqualTo("web.2 is not healthy yet on node a: health check failed (1 of 3): status 503.");
    status(
        task.getId(),
        TaskState.TASK_STATE_RUNNING,
        HealthState.HEALTH_STATE_UNHEALTHY,
        "health check failed (3 of 3): status 500");
    assertThat(explain().getSlots(0).getSentence())
        .isEqualTo(
            "web.1 is unhealthy on node a and is being stopped: health check failed (3 of 3):"
                + " status 500.");
  }

  private void status(String id, TaskState state, HealthState health, String err) {
    world.change(
        ChangeSets.status(
            world.task(id),
            TaskStatus.newBuilder()
                .setState(state)
                .setErr(err)
                .setHealth(Health.newBuilder().setStatus(health))
                .build()));
  }

  @Test
  void anUpdateThatStoppedIsToldWithItsCause() {
    world.nodes("a", "b").create(replicated("web", 2)).work();
    world.newArgs("web", "bad").settle();
    world.workExcept(task -> task.getSpecVersion() == 2);
    world.at("web", 2).forEach(world::fail);
    world.settle();
    var explained = explain();
    assertThat(explained.getSentencesList())
        .anyMatch(
            sentence ->
                sentence.startsWith("Its update has stopped: update paused due to failure")
                    && sentence.contains("exit code 1")
                    && sentence.contains("skein service update --rollback web"));
    assertThat(explained.getAsDesired()).isFalse();
  }

  @Test
  void slotsBeyondTheLimitAreCounted() {
    world.create(replicated("web", ServiceExplanation.SLOTS_MAX + 3)).settle();
    var explained = explain();
    assertThat(explained.getSlotsList()).hasSize(ServiceExplanation.SLOTS_MAX);
    assertThat(explained.getSlotsOmitted()).isEqualTo(3);
  }

  private static ServiceSpec.Builder job() {
    var job = replicated("web", 0);
    job.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(3).setMaxConcurrent(1);
    return job;
  }

  private static ServiceSpec.Builder scheduled(ScheduleConcurrency concurrency) {
    var job = job();
    job.getScheduleBuilder().setExpression("*/5 * * * *").setConcurrency(concurrency);
    return job;
  }

  @Test
  void aJobSaysHowFarItsRunIs() {
    world.nodes("a").create(job()).work();
    world.complete(world.running("web").getFirst()).work();
    assertThat(explain().getSentencesList())
        .containsExactly(
            "Job web is as desired: of its run that began at 2026-01-01T00:00:00Z, iteration 0, 1"
                + " of 3 tasks have completed, 1 runs.");
    assertThat(explain().getSlotsList()).isEmpty();
    world.fail(world.running("web").getFirst()).settle();
    assertThat(explain().getAsDesired()).isFalse();
    assertThat(explain().getSlots(0).getSentence()).startsWith("web.2 starts at");
  }

  @Test
  void aScheduledJobSaysWhenItRunsAndWhatWasSkipped() {
    world.nodes("a").create(scheduled(ScheduleConcurrency.SCHEDULE_CONCURRENCY_FORBID)).work();
    assertThat(explain().getSentencesList())
        .containsExactly(
            "Job web is as desired: it has not run yet.",
            "It is scheduled by \"*/5 * * * *\" (UTC): the next run is due at"
                + " 2026-01-01T00:05:00Z, in 300 s.");
    world.passWorking(Duration.ofMinutes(11));
    assertThat(explain().getSentencesList())
        .contains(
            "1 due run was skipped so far, the last at 2026-01-01T00:10:00Z, because the run before"
                + " went on.");
    world.update(
        "web",
        spec -> {
          spec.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(0);
          return spec;
        });
    world.work();
    assertThat(explain().getSentencesList())
        .contains(
            "Job web is as desired: no run goes on; the last one, iteration 1, began at"
                + " 2026-01-01T00:05:00Z.",
            "It is scheduled by \"*/5 * * * *\" (UTC) but suspended, because 0 tasks shall"
                + " complete: go on with 'skein service scale web=1'.");
  }

  @Test
  void aJobSaysThatEarlierRunsGoOnBesideItsPresentOne() {
    world.nodes("a").create(scheduled(ScheduleConcurrency.SCHEDULE_CONCURRENCY_ALLOW));
    world.passWorking(Duration.ofMinutes(10));
    assertThat(explain().getSentencesList())
        .contains("An earlier run goes on beside it, iteration 1.");
    world.passWorking(Duration.ofMinutes(5));
    assertThat(explain().getSentencesList())
        .contains("2 earlier runs go on beside it, the first of them iteration 1.");
  }

  @Test
  void anUpdateThatHoldsAtItsCanariesSaysHowToGoOn() {
    var spec = replicated("web", 3);
    spec.getUpdateConfigBuilder().setCanary(1);
    world.nodes("a").create(spec).work();
    world.newArgs("web", "new").passWorking(Duration.ofMinutes(5));
    assertThat(explain().getAsDesired()).isFalse();
    assertThat(explain().getSentencesList())
        .contains(
            "Its update holds at its canaries: 1 of 3 replicas run the new version; the update"
                + " waits to be promoted or rolled back. Go on with 'skein service promote web', or"
                + " go back with 'skein service update --rollback web'.");
  }
}
