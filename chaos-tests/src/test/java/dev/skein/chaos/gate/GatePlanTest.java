package dev.skein.chaos.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.gate.GatePlan.Step;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GatePlanTest {

  @Test
  void aSeedGivesTheSamePlanAndAnotherSeedAnother() {
    assertThat(GatePlan.of(Row.ALL, false, 1)).isEqualTo(GatePlan.of(Row.ALL, false, 1));
    assertThat(GatePlan.of(Row.ALL, false, 1)).isNotEqualTo(GatePlan.of(Row.ALL, false, 2));
  }

  @Test
  void aFullRunHasEachRowAsOftenAsItSaysAndAHundredFaultsAtLeast() {
    var steps = GatePlan.of(Row.ALL, false, 3).steps();
    assertThat(steps).hasSizeGreaterThanOrEqualTo(100);
    for (var row : Row.ALL) {
      assertThat(steps).filteredOn(step -> step.row().equals(row)).hasSize(row.count());
    }
  }

  @Test
  void everyStepCanBeCarriedOut() {
    for (var step : GatePlan.of(Row.ALL, false, 4).steps()) {
      var fault = Catalogue.find(step.row().fault());
      assertThat(fault).as(step.row().name()).isPresent();
      assertThat(Catalogue.options(fault.orElseThrow(), step.options())).isNotNull();
      assertThat(step.hold()).isBetween(step.row().holdMin(), step.row().holdMax());
    }
  }

  @Test
  void aShortRunIsAPartOfAFullOne() {
    assertThat(GatePlan.of(Row.ALL, true, 5).steps()).hasSizeBetween(15, 40);
    assertThat(Row.ALL).allSatisfy(row -> assertThat(row.shortCount()).isLessThan(row.count()));
  }

  @Test
  void theVariantsOfARowTakeTurns() {
    var clock = Row.ALL.stream().filter(row -> row.fault().equals("clock.offset")).toList();
    assertThat(GatePlan.of(clock, false, 6).steps())
        .extracting(Step::options)
        .containsExactlyInAnyOrderElementsOf(clock.getFirst().variants());
  }

  @Test
  void theMatrixKeepsTheWorstAndTellsWhatWasBrokenAndSkipped() {
    var row = Row.ALL.getFirst();
    var other = Row.ALL.getLast();
    var matrix = new Matrix();
    matrix.add(row, Duration.ofMillis(20), Duration.ofMillis(900));
    matrix.add(row, Duration.ofMillis(70), Duration.ofMillis(100));
    assertThat(matrix.isClean()).isTrue();
    assertThat(matrix.faults()).isEqualTo(2);
    assertThat(matrix.worstGap()).isEqualTo(Duration.ofMillis(70));
    matrix.skip(other, "no packet filter");
    matrix.problem(row, "nothing is acknowledged");
    assertThat(matrix.isClean()).isFalse();
    assertThat(matrix.text(List.of()))
        .containsPattern(row.name() + " +2 +1 BROKEN +70 +900")
        .containsPattern(other.name() + " +skipped: no packet filter")
        .contains("BROKEN " + row.name() + ": nothing is acknowledged");
  }

  @Test
  void whatIsUndecidedIsNotHeld() {
    var held = new Verdict.Held("a", Map.of());
    assertThat(new Gate.Result(new Matrix(), List.of(held), 1).passed()).isTrue();
    assertThat(
            new Gate.Result(new Matrix(), List.of(held, new Verdict.Undecided("b", "no time")), 1)
                .passed())
        .isFalse();
  }
}
