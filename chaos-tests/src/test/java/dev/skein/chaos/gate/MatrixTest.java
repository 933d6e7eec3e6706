package dev.skein.chaos.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.check.IndexOrder;
import dev.skein.chaos.check.KeptWrites;
import dev.skein.chaos.check.Linearizability;
import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.lab.MeshProbe.Call;
import dev.skein.chaos.sabotage.Defect;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What the gate makes of what it saw.
class MatrixTest {

  private static final Row ROW = Row.ALL.getFirst();
  private static final Row OTHER = Row.ALL.getLast();
  private static final Verdict HELD = new Verdict.Held("a", Map.of());
  private static final Controls ALL_CAUGHT =
      new Controls(List.of(Defect.values()), List.of(), List.of());

  private static Call call(String node, boolean answered) {
    return new Call(node, 0, 1, answered);
  }

  private static Requests requests(int answered, int lost) {
    return Requests.of(
        Stream.concat(
                Stream.generate(() -> call("m1", true)).limit(answered),
                Stream.generate(() -> call("m2", false)).limit(lost))
            .toList(),
        Set.of());
  }

  private static void add(Matrix matrix, Row row, Requests requests) {
    matrix.add(row, Duration.ofMillis(70), Duration.ofMillis(900), requests);
  }

  @Test
  void itKeepsTheWorstAndTellsWhatWasBrokenAndSkipped() {
    var matrix = new Matrix();
    matrix.add(ROW, Duration.ofMillis(20), Duration.ofMillis(900), requests(7, 0));
    matrix.add(ROW, Duration.ofMillis(70), Duration.ofMillis(100), requests(8, 0));
    assertThat(matrix.isClean()).isTrue();
    assertThat(matrix.faults()).isEqualTo(2);
    assertThat(matrix.worstGap()).isEqualTo(Duration.ofMillis(70));
    assertThat(matrix.text(List.of())).containsPattern(ROW.name() + " +2 +held +70 +900 +0/15");
    matrix.skip(OTHER, "no packet filter");
    matrix.problem(ROW, "nothing is acknowledged");
    assertThat(matrix.isClean()).isFalse();
    assertThat(matrix.text(List.of()))
        .containsPattern(ROW.name() + " +2 +1 BROKEN +70 +900")
        .containsPattern(OTHER.name() + " +skipped: no packet filter")
        .contains("BROKEN " + ROW.name() + ": nothing is acknowledged");
  }

  @Test
  void callsThroughNodesThatAFaultBefellAreNotCounted() {
    var calls = List.of(call("m1", false), call("m2", true), call("m3", false));
    assertThat(Requests.of(calls, Set.of("m1")))
        .isEqualTo(new Requests(2, List.of(call("m3", false))));
  }

  @Test
  void aFaultThatCostsMoreCallsThanItMayIsAProblem() {
    var matrix = new Matrix();
    assertThat(matrix.requests()).isInstanceOf(Verdict.Undecided.class);
    add(matrix, OTHER, requests(50, OTHER.lostMax()));
    assertThat(matrix.isClean()).isTrue();
    assertThat(matrix.requests())
        .isEqualTo(
            new Verdict.Held(
                Requests.CHECK,
                Map.of("calls", 50L + OTHER.lostMax(), "lost", (long) OTHER.lostMax())));
    add(matrix, OTHER, requests(50, OTHER.lostMax() + 1));
    assertThat(matrix.isClean()).isFalse();
    assertThat(matrix.requests()).isInstanceOf(Verdict.Violated.class);
  }

  @Test
  void noRowHeldWhileTheWholeRunDidNot() {
    var matrix = new Matrix();
    add(matrix, ROW, requests(5, 0));
    assertThat(matrix.text(List.of(HELD))).containsPattern(ROW.name() + " +1 +held ");
    for (var not :
        List.of(
            new Verdict.Violated("watch", "a gap", List.of()),
            new Verdict.Undecided("watch", "no time"))) {
      assertThat(matrix.text(List.of(HELD, not)))
          .containsPattern(ROW.name() + " +1 +\\? ")
          .containsPattern("(?m)^\\?: .*watch$");
    }
  }

  @Test
  void whatIsUndecidedIsNotHeld() {
    assertThat(new Gate.Result(new Matrix(), List.of(HELD), 1).passed()).isTrue();
    assertThat(
            new Gate.Result(new Matrix(), List.of(HELD, new Verdict.Undecided("b", "no time")), 1)
                .passed())
        .isFalse();
  }

  @Test
  void itEndsWellOnlyWhenNothingWasLeftOut() {
    var matrix = new Matrix();
    var result = new Gate.Result(matrix, List.of(HELD), 1);
    assertThat(Ending.of(result, ALL_CAUGHT).code()).isEqualTo(Ending.PASSED);
    assertThat(Ending.of(result, ALL_CAUGHT).leftOut()).isEmpty();
    matrix.skip(OTHER, "no packet filter");
    var ending = Ending.of(result, ALL_CAUGHT);
    assertThat(ending.code()).isEqualTo(Ending.LEFT_OUT);
    assertThat(ending.leftOut().orElseThrow()).contains(OTHER.name());
    add(matrix, OTHER, requests(5, 0));
    assertThat(Ending.of(result, ALL_CAUGHT).code()).isEqualTo(Ending.PASSED);
    matrix.problem(ROW, "nothing is acknowledged");
    assertThat(Ending.of(result, ALL_CAUGHT).code()).isEqualTo(Ending.FAILED);
  }

  @Test
  void aDefectThatCanNotBeShownIsNotCaught() {
    var result = new Gate.Result(new Matrix(), List.of(HELD), 1);
    var skipped = new Controls(List.of(Defect.STALE_READS), List.of(), List.of(Defect.FSYNC_OFF));
    var ending = Ending.of(result, skipped);
    assertThat(ending.last()).contains("sabotage_caught=1/2 ");
    assertThat(ending.code()).isEqualTo(Ending.LEFT_OUT);
    assertThat(ending.leftOut().orElseThrow()).contains("fsync-off");
    var missed = new Controls(List.of(), List.of(Defect.STALE_READS), List.of(Defect.FSYNC_OFF));
    assertThat(Ending.of(result, missed).code()).isEqualTo(Ending.FAILED);
  }

  @Test
  void theLastLineCountsWhatWasSeen() {
    var verdicts =
        List.<Verdict>of(
            new Verdict.Violated(KeptWrites.CHECK, "gone", List.of(), 3),
            new Verdict.Violated(Linearizability.CHECK, "no order", List.of(), 2),
            new Verdict.Violated(IndexOrder.CHECK, "wrong", List.of(), 4));
    var ending = Ending.of(new Gate.Result(new Matrix(), verdicts, 12), ALL_CAUGHT);
    assertThat(ending.last())
        .isEqualTo(
            "faults=0 acked=12 lost=3 nonlinearizable=6 duplicate_slots=0 sabotage_caught=7/7"
                + " max_write_gap_ms=0");
    assertThat(ending.code()).isEqualTo(Ending.FAILED);
  }
}
