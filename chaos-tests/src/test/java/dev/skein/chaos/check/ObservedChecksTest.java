package dev.skein.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.check.Glimpse.ServiceView;
import dev.skein.chaos.check.Glimpse.TaskView;
import dev.skein.chaos.check.LeaderTerms.Reign;
import dev.skein.chaos.history.Copy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The checks of what is seen from outside: leaders, copies, tasks.
class ObservedChecksTest {

  private static void assertHeld(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Held.class);
  }

  private static void assertViolated(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Violated.class);
    assertThat(((Verdict.Violated) verdict).witness()).isNotEmpty();
  }

  private static void assertUndecided(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Undecided.class);
  }

  // ---- Leaders

  @Test
  void aTermHasOneLeader() {
    assertHeld(LeaderTerms.check(List.of(new Reign("m1", 1), new Reign("m2", 2))));
    assertViolated(LeaderTerms.check(List.of(new Reign("m1", 2), new Reign("m2", 2))));
    assertUndecided(LeaderTerms.check(List.of()));
  }

  @Test
  void aManagerNeverGoesBackInItsTerms() {
    assertViolated(LeaderTerms.check(List.of(new Reign("m1", 3), new Reign("m1", 2))));
    assertViolated(LeaderTerms.check(List.of(new Reign("m1", 3), new Reign("m1", 3))));
  }

  @Test
  void reignsAreReadOffTheDaemonsLogs() {
    var log =
        List.of(
            "2026-11-22T17:00:01Z INFO ManagerNode this manager leads (term 7)",
            "2026-11-22T17:00:02Z INFO ManagerNode this manager no longer leads (term 7)",
            "2026-11-22T17:00:09Z INFO ManagerNode this manager leads (term 9)");
    assertThat(LeaderTerms.of("m1", log)).containsExactly(new Reign("m1", 7), new Reign("m1", 9));
  }

  // ---- Copies

  @Test
  void copiesAtOneIndexAreEqual() {
    var managers = Set.of("m1", "m2");
    assertHeld(
        EqualStates.check(
            List.of(new Copy("m1", 5, "a"), new Copy("m2", 7, "b"), new Copy("m1", 7, "b")),
            managers));
    assertViolated(
        EqualStates.check(List.of(new Copy("m1", 5, "a"), new Copy("m2", 5, "b")), managers));
    assertUndecided(
        EqualStates.check(List.of(new Copy("m1", 5, "a"), new Copy("m2", 6, "b")), managers));
  }

  // ---- Tasks

  private static TaskView task(String id, int slot, String state, String desired, String... at) {
    return new TaskView(id, "web", slot, "n1", state, desired, Set.of(at));
  }

  private static Glimpse glimpse(long millis, boolean startFirst, TaskView... tasks) {
    return new Glimpse(
        Duration.ofMillis(millis).toNanos(),
        List.of(new ServiceView("web", "web", 2, startFirst)),
        List.of(tasks));
  }

  @Test
  void aServiceConvergesWhenWhatRunsIsWhatIsWanted() {
    var one = task("a", 1, "running", "running");
    var two = task("b", 2, "running", "running");
    var old = task("c", 2, "failed", "shutdown");
    assertHeld(Convergence.check(glimpse(0, false, one, two, old)));
    assertViolated(Convergence.check(glimpse(0, false, one)));
    assertViolated(Convergence.check(glimpse(0, false, one, task("b", 2, "starting", "running"))));
    assertViolated(
        Convergence.check(glimpse(0, false, one, two, task("c", 2, "running", "shutdown"))));
  }

  @Test
  void aSlotHasOneWantedTask() {
    var one = task("a", 1, "running", "running");
    var replacement = task("b", 1, "starting", "running");
    var slots = new SlotUniqueness(Duration.ofSeconds(1));
    assertUndecided(slots.verdict());
    slots.observe(glimpse(0, false, one, task("b", 1, "ready", "ready")), Set.of());
    slots.observe(glimpse(0, true, one, replacement), Set.of());
    assertHeld(slots.verdict());
    slots.observe(glimpse(0, false, one, replacement), Set.of());
    assertViolated(slots.verdict());
  }

  @Test
  void slotsWithTwoTasksAreCountedOnce() {
    var slots = new SlotUniqueness(Duration.ofSeconds(1));
    for (var i = 0; i < 3; i++) {
      slots.observe(
          glimpse(
              i,
              false,
              task("a", 1, "running", "running"),
              task("b", 1, "running", "running"),
              task("c", 2, "running", "running"),
              task("d", 2, "running", "running")),
          Set.of());
    }
    assertThat(((Verdict.Violated) slots.verdict()).count()).isEqualTo(2);
  }

  @Test
  void twoTasksOfASlotRunBesideEachOtherOnlySoLong() {
    var old = task("a", 1, "running", "shutdown");
    var fresh = task("b", 1, "running", "running");
    var slots = new SlotUniqueness(Duration.ofSeconds(1));
    slots.observe(glimpse(0, false, old, fresh), Set.of("a", "b"));
    slots.observe(glimpse(900, false, old, fresh), Set.of("a", "b"));
    slots.observe(glimpse(1_000, false, old, fresh), Set.of("b"));
    slots.observe(glimpse(1_100, false, old, fresh), Set.of("a", "b"));
    slots.observe(glimpse(2_050, false, old, fresh), Set.of("a", "b"));
    assertHeld(slots.verdict());
    slots.observe(glimpse(2_150, false, old, fresh), Set.of("a", "b"));
    assertViolated(slots.verdict());
  }

  @Test
  void aPortOfAHostIsOneTasks() {
    var endpoints = new UniqueEndpoints();
    assertUndecided(endpoints.verdict());
    endpoints.observe(glimpse(0, false, task("a", 1, "running", "running")));
    assertUndecided(endpoints.verdict());
    endpoints.observe(
        glimpse(
            0,
            false,
            task("a", 1, "running", "running", "n1:80/tcp"),
            task("b", 2, "running", "running", "n1:81/tcp"),
            task("c", 2, "shutdown", "shutdown", "n1:81/tcp")));
    assertHeld(endpoints.verdict());
    endpoints.observe(
        glimpse(
            0,
            false,
            task("a", 1, "running", "running", "n1:80/tcp"),
            task("b", 2, "running", "running", "n1:80/tcp")));
    assertViolated(endpoints.verdict());
  }
}
