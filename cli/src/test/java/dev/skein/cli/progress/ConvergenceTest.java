package dev.skein.cli.progress;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import dev.skein.cli.progress.Convergence.Look;
import dev.skein.cli.progress.Convergence.Outcome;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConvergenceTest {
  private static final long SECOND = 1_000_000_000;

  private final Convergence convergence = new Convergence(false);

  @Test
  void aServiceHasConvergedOnceItsTasksRanForTheMonitorPeriod() {
    JsonObject service = service(2, "");
    assertThat(look(service, 0, task(1, "running", "running", "")).outcome()).isNull();
    Look whole =
        look(service, SECOND, task(1, "running", "running", ""), task(2, "running", "running", ""));
    assertThat(whole.stableInNanos()).isEqualTo(5 * SECOND);
    assertThat(whole.outcome()).isNull();
    Look later =
        look(
            service,
            6 * SECOND,
            task(1, "running", "running", ""),
            task(2, "running", "running", ""));
    assertThat(later.outcome()).isEqualTo(new Outcome(null));
  }

  @Test
  void aTaskThatFailsMeanwhileStartsThePeriodAnew() {
    JsonObject service = service(1, "");
    look(service, 0, task(1, "running", "running", ""));
    assertThat(look(service, SECOND, task(1, "starting", "running", "")).stableInNanos())
        .isNegative();
    assertThat(look(service, 5 * SECOND, task(1, "running", "running", "")).stableInNanos())
        .isEqualTo(5 * SECOND);
  }

  @Test
  void processServicesAreWatchedForOneSecondUnlessTheyNameAPeriod() {
    assertThat(Convergence.monitorNanos(service(1, "process"))).isEqualTo(SECOND);
    JsonObject named = service(1, "process");
    Json.make(named, "Spec.UpdateConfig").addProperty("Monitor", 3 * SECOND);
    assertThat(Convergence.monitorNanos(named)).isEqualTo(3 * SECOND);
    assertThat(Convergence.monitorNanos(service(1, ""))).isEqualTo(5 * SECOND);
    JsonObject byImage = service(1, "");
    Json.make(byImage, "Spec.TaskTemplate.ContainerSpec").addProperty("Image", "skein/process");
    assertThat(Convergence.monitorNanos(byImage)).isEqualTo(SECOND);
  }

  @Test
  void aSlotShowsWhyItsTaskCannotBePlacedOrKeepsFailing() {
    Look look =
        look(
            service(2, ""),
            0,
            task(1, "pending", "running", "no suitable node (2 nodes not available)"),
            task(2, "ready", "ready", ""),
            task(2, "failed", "shutdown", "task: non-zero exit (1)"));
    assertThat(look.running()).isZero();
    assertThat(ProgressView.lines(look, false))
        .containsExactly(
            "overall progress: 0 out of 2 tasks",
            "1/2: no suitable node (2 nodes not available)",
            "2/2: task: non-zero exit (1)");
  }

  @Test
  void aTaskOnANodeThatIsDownDoesNotCount() {
    JsonArray tasks = new JsonArray();
    tasks.add(task(1, "running", "running", ""));
    Look look = convergence.look(service(1, ""), tasks, Set.of("n1"), 0);
    assertThat(look.running()).isZero();
    assertThat(look.slots().getFirst().problem()).isEqualTo("its node is down");
  }

  @Test
  void aServiceScaledToNothingHasConvergedAtOnce() {
    assertThat(look(service(0, ""), 0).outcome()).isEqualTo(new Outcome(null));
  }

  @Test
  void aGlobalServiceIsAsWantedWhenEachOfItsTasksRuns() {
    JsonObject service = service(1, "process");
    service.getAsJsonObject("Spec").add("Mode", new JsonObject());
    Json.make(service, "Spec.Mode.Global");
    JsonObject one = task(0, "running", "running", "");
    JsonObject other = task(0, "starting", "running", "");
    other.addProperty("NodeID", "n2");
    Look look = look(service, 0, one, other);
    assertThat(look.wanted()).isEqualTo(2);
    assertThat(look.running()).isEqualTo(1);
    // A moment without tasks is no convergence: they may not have been made yet.
    assertThat(look(service, SECOND).outcome()).isNull();
    assertThat(look(service, 2 * SECOND).outcome()).isNull();
    assertThat(look(service, 3 * SECOND).outcome()).isEqualTo(new Outcome(null));
  }

  @Test
  void anUpdateThatPausesOrComesBackHasFailed() {
    assertThat(look(status("paused"), 0).outcome())
        .isEqualTo(new Outcome("service update paused: why"));
    assertThat(look(status("rollback_paused"), 0).outcome())
        .isEqualTo(new Outcome("service rollback paused: why"));
    assertThat(look(status("rollback_started"), 0).rollback()).isTrue();
    look(status("rollback_completed"), 0, task(1, "running", "running", ""));
    assertThat(
            look(status("rollback_completed"), 5 * SECOND, task(1, "running", "running", ""))
                .outcome())
        .isEqualTo(new Outcome("service rolled back: why"));
  }

  @Test
  void aRollbackWhoseTasksAllRunIsNotOverBeforeItIsNotedAsComplete() {
    JsonObject running = task(1, "running", "running", "");
    look(status("rollback_started"), 0, running);
    assertThat(look(status("rollback_started"), 9 * SECOND, running).outcome()).isNull();
    assertThat(look(status("rollback_completed"), 9 * SECOND, running).outcome())
        .isEqualTo(new Outcome("service rolled back: why"));
  }

  @Test
  void anUpdateThatWaitsAfterItsCanariesIsASuccessThatSaysSo() {
    assertThat(look(status("canary"), 0).outcome()).isEqualTo(new Outcome(null, "why"));
  }

  private static JsonObject job(int total, int concurrent) {
    JsonObject service = new JsonObject();
    JsonObject job = Json.make(service, "Spec.Mode.ReplicatedJob");
    job.addProperty("TotalCompletions", total);
    job.addProperty("MaxConcurrent", concurrent);
    Json.make(service, "JobStatus.JobIteration").addProperty("Index", 1);
    return service;
  }

  private static JsonObject jobTask(int slot, int iteration, String state, String error) {
    JsonObject task = task(slot, state, "running", error);
    Json.make(task, "JobIteration").addProperty("Index", iteration);
    return task;
  }

  private static Look lookAt(JobProgress progress, JsonObject job, long now, JsonObject... tasks) {
    JsonArray all = new JsonArray();
    for (JsonObject task : tasks) {
      all.add(task);
    }
    return progress.look(job, all, Set.of(), now);
  }

  @Test
  void aJobIsDoneWhenItsPresentIterationHasCompleted() {
    JobProgress progress = new JobProgress();
    Look look =
        lookAt(
            progress,
            job(2, 1),
            0,
            jobTask(2, 0, "complete", ""),
            jobTask(1, 1, "complete", ""),
            jobTask(2, 1, "running", ""));
    assertThat(ProgressView.lines(look, false))
        .containsExactly("job progress: 1 out of 2 complete", "active tasks: 1 out of 1 tasks");
    assertThat(look.outcome()).isNull();
    assertThat(
            lookAt(
                    progress,
                    job(2, 1),
                    1,
                    jobTask(1, 1, "complete", ""),
                    jobTask(2, 1, "complete", ""))
                .outcome())
        .isEqualTo(new Outcome(null, "job complete"));
  }

  @Test
  void aJobHasFailedWhenNothingIsLeftThatCouldCompleteItForAWhile() {
    JobProgress progress = new JobProgress();
    JsonObject[] tasks = {jobTask(1, 1, "complete", ""), jobTask(2, 1, "failed", "exit (7)")};
    assertThat(lookAt(progress, job(2, 1), 0, tasks).outcome()).isNull();
    assertThat(lookAt(progress, job(2, 1), SECOND, jobTask(2, 1, "ready", "")).outcome()).isNull();
    assertThat(lookAt(progress, job(2, 1), 2 * SECOND, tasks).outcome()).isNull();
    assertThat(lookAt(progress, job(2, 1), 4 * SECOND, tasks).outcome())
        .isEqualTo(new Outcome("job failed: 1 of 2 tasks did not complete: exit (7)"));
  }

  @Test
  void aRollbackThatWasAskedForIsASuccess() {
    Convergence asked = new Convergence(true);
    JsonArray tasks = new JsonArray();
    tasks.add(task(1, "running", "running", ""));
    asked.look(status("rollback_completed"), tasks, Set.of(), 0);
    assertThat(asked.look(status("rollback_completed"), tasks, Set.of(), 5 * SECOND).outcome())
        .isEqualTo(new Outcome(null));
  }

  @Test
  void manySlotsAreShownByTheirNumberOnly() {
    Look few = look(service(20, ""), 0);
    assertThat(ProgressView.lines(few, true)).hasSize(21);
    Look many = look(service(21, ""), 0);
    assertThat(ProgressView.lines(many, true))
        .containsExactly("overall progress: 0 out of 21 tasks");
  }

  private Look look(JsonObject service, long now, JsonObject... tasks) {
    JsonArray all = new JsonArray();
    for (JsonObject task : tasks) {
      all.add(task);
    }
    return convergence.look(service, all, Set.of(), now);
  }

  private static JsonObject service(int replicas, String runtime) {
    JsonObject service = new JsonObject();
    Json.make(service, "Spec.Mode.Replicated").addProperty("Replicas", replicas);
    Json.make(service, "Spec.TaskTemplate").addProperty("Runtime", runtime);
    return service;
  }

  private static JsonObject status(String state) {
    JsonObject service = service(1, "");
    JsonObject status = Json.make(service, "UpdateStatus");
    status.addProperty("State", state);
    status.addProperty("Message", "why");
    return service;
  }

  private static JsonObject task(int slot, String state, String desired, String error) {
    JsonObject task = new JsonObject();
    task.addProperty("Slot", slot);
    task.addProperty("NodeID", "n1");
    task.addProperty("DesiredState", desired);
    JsonObject status = Json.make(task, "Status");
    status.addProperty("State", state);
    status.addProperty("Err", error);
    return task;
  }

  @Test
  void nobodyWaitsForAJobThatItsScheduleBeginsOrThatNothingBegins() {
    JsonObject job = job(1, 1);
    Json.make(job, "Spec.Schedule").addProperty("Expression", "@daily");
    Json.make(job, "JobStatus").addProperty("NextExecution", "2026-01-02T00:00:00Z");
    assertThat(lookAt(new JobProgress(), job, 0).outcome())
        .isEqualTo(new Outcome(null, "job scheduled: the next run is due at 2026-01-02T00:00:00Z"));
    JsonObject waiting = job(1, 1);
    Json.make(waiting, "JobStatus").addProperty("Waiting", true);
    assertThat(lookAt(new JobProgress(), waiting, 0).outcome())
        .isEqualTo(
            new Outcome(null, "no run goes on: the job runs when it is updated or forced to"));
  }
}
