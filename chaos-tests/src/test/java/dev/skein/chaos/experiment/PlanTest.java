package dev.skein.chaos.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.experiment.Plan.Member;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PlanTest {

  private static final List<Member> FIVE =
      List.of(
          new Member("m1", true),
          new Member("m2", true),
          new Member("m3", true),
          new Member("w1", false),
          new Member("w2", false));

  private static Plan guarded(String guard, String... steps) {
    var text = "apiVersion: chaos/v1\ntitle: Plan\nguard: " + guard + "\nmethod:\n";
    var method = Stream.of(steps).map(step -> "  - " + step + "\n").collect(Collectors.joining());
    return Plan.of(
        ExperimentReaderTest.good(text + method),
        FIVE,
        fault ->
            fault.name().equals("partition")
                ? Optional.of("no network of its own")
                : Optional.empty());
  }

  private static Plan plan(String... steps) {
    return guarded("{deadman: 10m}", steps);
  }

  @Test
  void beginningsAndEndsAreInTheOrderOfTime() {
    var plan =
        plan(
            "{at: 5s, fault: kill, target: m1, for: 5s}",
            "{at: 10s, fault: pause, target: m2, for: 1s}",
            "{at: 7s, fault: lead, target: follower}");
    assertThat(plan.refusals()).isEmpty();
    assertThat(plan.events())
        .extracting(
            event ->
                Words.of(event.at())
                    + (event.begins() ? " + " : " - ")
                    + event.entry().step().fault().name())
        // What ends at a moment ends before another begins.
        .containsExactly("5s + kill", "7s + lead", "10s - kill", "10s + pause", "11s - pause");
  }

  @Test
  void whatCantBeDoneIsSkippedWithItsReason() {
    var plan =
        plan(
            "{at: 1s, fault: partition, target: w1}",
            "{at: 1s, fault: kill, target: w9}",
            "{at: 1s, fault: kill, target: w2}");
    assertThat(plan.entries())
        .extracting(entry -> entry.skipped().orElse(""))
        .satisfiesExactly(
            reason -> assertThat(reason).contains("no network"),
            reason -> assertThat(reason).contains("w9", "m1", "w2"),
            reason -> assertThat(reason).isEmpty());
    assertThat(plan.events()).hasSize(2);
  }

  @Test
  void neverMoreThanAMinorityOfManagersIsHurtAtOnce() {
    var first = "{at: 1s, fault: kill, target: leader, for: 10s}";
    var overlapping = "{at: 5s, fault: pause, target: follower, for: 10s}";
    assertThat(plan(first, overlapping).refusals())
        .singleElement()
        .satisfies(why -> assertThat(why).contains("2 of 3", "[1, 2]", "max_managers: any"));
    assertThat(guarded("{max_managers: any}", first, overlapping).refusals()).isEmpty();
    assertThat(plan(first, "{at: 11s, fault: pause, target: follower, for: 10s}").refusals())
        .isEmpty();
  }

  @Test
  void anyNodeMightBeAManagerButAWorkerIsNone() {
    var first = "{at: 1s, fault: kill, target: m1, for: 10s}";
    assertThat(plan(first, "{at: 2s, fault: kill, target: any}").refusals()).hasSize(1);
    assertThat(plan(first, "{at: 2s, fault: kill, target: worker}").refusals()).isEmpty();
    assertThat(plan(first, "{at: 2s, fault: pause, target: m1}").refusals()).isEmpty();
    assertThat(plan(first, "{at: 2s, fault: kill, target: m2}").refusals()).hasSize(1);
  }

  @Test
  void whatIsSkippedHurtsNobody() {
    assertThat(
            plan(
                    "{at: 1s, fault: kill, target: m1, for: 10s}",
                    "{at: 2s, fault: partition, target: m2, for: 10s}")
                .refusals())
        .isEmpty();
  }

  private static Plan where(List<Member> members, String step) {
    var text = "apiVersion: chaos/v1\ntitle: Plan\nmethod:\n  - " + step + "\n";
    return Plan.of(ExperimentReaderTest.good(text), members, fault -> Optional.empty());
  }

  @Test
  void aStepThatNoNodeMayBeHurtByIsRefusedWithEachReason() {
    var members =
        List.of(
            new Member("m1", true, Optional.of("m1 has no label")),
            new Member("m2", true, Optional.of("m2 has no label")),
            new Member("m3", true),
            new Member("w1", false, Optional.of("w1 has no label")));
    assertThat(where(members, "{at: 1s, fault: kill, target: worker}").refusals())
        .satisfiesExactly(
            why -> assertThat(why).contains("step 1", "no worker"),
            why -> assertThat(why).contains("w1 has no label"));
    assertThat(where(members, "{at: 1s, fault: kill, target: m2}").refusals())
        .anySatisfy(why -> assertThat(why).contains("m2 has no label"));
    // One of them may be hurt: which it is, is seen when the time has come.
    assertThat(where(members, "{at: 1s, fault: kill, target: leader}").refusals()).isEmpty();
    assertThat(where(members, "{at: 1s, fault: kill, target: any}").refusals()).isEmpty();
  }

  @Test
  void aManagerThatIsDownBeforeIsHurtAllTheTime() {
    var members =
        List.of(
            new Member("m1", true),
            new Member("m2", true, Optional.empty(), Optional.of("m2 is unreachable")),
            new Member("m3", true),
            new Member("w1", false));
    assertThat(where(members, "{at: 1s, fault: kill, target: leader}").refusals())
        .satisfiesExactly(
            why -> assertThat(why).contains("2 of 3", "skein dev start", "max_managers: any"),
            why -> assertThat(why).contains("m2 is unreachable"));
    assertThat(where(members, "{at: 1s, fault: kill, target: m3}").refusals()).hasSize(2);
    // That one is hurt already; nothing else concerns managers.
    assertThat(where(members, "{at: 1s, fault: pause, target: m2}").refusals()).isEmpty();
    assertThat(where(members, "{at: 1s, fault: kill, target: worker}").refusals()).isEmpty();
    assertThat(where(members, "{at: 1s, fault: lead, target: m1}").refusals()).isEmpty();
  }
}
