package dev.skein.chaos.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.gate.GatePlan.Step;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
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
  void theTimeIsLookedAtBeforeEveryStep() {
    var left = new AtomicInteger(3);
    var steps = new ArrayList<Step>();
    GatePlan.stepsWhile(Row.ALL, true, 7, () -> left.getAndDecrement() > 0)
        .forEachRemaining(steps::add);
    assertThat(steps).isEqualTo(GatePlan.of(Row.ALL, true, 7).steps().subList(0, 3));
  }

  @Test
  void aLongRunGoesOnWithTheNextSeedsPlan() {
    var first = GatePlan.of(Row.ALL, true, 7).steps();
    var steps = GatePlan.stepsWhile(Row.ALL, true, 7, () -> true);
    for (var step : first) {
      assertThat(steps.next()).isEqualTo(step);
    }
    assertThat(steps.next()).isEqualTo(GatePlan.of(Row.ALL, true, 8).steps().getFirst());
  }

  @Test
  void faultsOfManagersMayCostNoCall() {
    assertThat(Row.ALL)
        .allSatisfy(
            row -> {
              if (row.target() != Row.Target.WORKER) {
                assertThat(row.lostMax()).as(row.name()).isZero();
              }
            });
  }
}
