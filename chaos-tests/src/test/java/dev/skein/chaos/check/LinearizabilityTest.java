package dev.skein.chaos.check;

import static dev.skein.chaos.check.Ops.created;
import static dev.skein.chaos.check.Ops.read;
import static dev.skein.chaos.check.Ops.refusedSwap;
import static dev.skein.chaos.check.Ops.remove;
import static dev.skein.chaos.check.Ops.swap;
import static dev.skein.chaos.check.Ops.unknownWrite;
import static dev.skein.chaos.check.Ops.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.history.Content;
import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LinearizabilityTest {
  private static final List<Kind> KINDS = List.of(Kind.values());

  private static void assertHeld(Operation... operations) {
    assertThat(Linearizability.check(List.of(operations))).isInstanceOf(Verdict.Held.class);
  }

  private static Verdict.Violated violated(List<Operation> operations) {
    var verdict = Linearizability.check(operations);
    assertThat(verdict).isInstanceOf(Verdict.Violated.class);
    return (Verdict.Violated) verdict;
  }

  private static void assertViolated(Operation... operations) {
    violated(List.of(operations));
  }

  @Test
  void operationsOneAfterTheOtherHold() {
    assertHeld(created(1, 0, 0, 1), write(2, 0, 2, 3), read(2, 0, 4, 5), remove(0, 6, 7));
  }

  @Test
  void aConcurrentReadMaySeeEitherContent() {
    assertHeld(created(1, 0, 0, 1), write(2, 0, 2, 9), read(1, 0, 3, 4), read(2, 0, 5, 6));
    assertViolated(created(1, 0, 0, 1), write(2, 0, 2, 9), read(2, 0, 3, 4), read(1, 0, 5, 6));
  }

  @Test
  void aStaleReadIsAViolation() {
    assertViolated(created(1, 0, 0, 1), write(2, 0, 2, 3), read(1, 0, 4, 5));
  }

  @Test
  void twoSwapsOfOneContentAreAViolation() {
    assertViolated(created(1, 0, 0, 1), swap(1, 2, 0, 2, 9), swap(1, 3, 0, 2, 9));
  }

  @Test
  void aRefusedSwapProvesAnotherContent() {
    assertViolated(created(1, 0, 0, 1), refusedSwap(1, 2, 2, 3));
    assertHeld(created(1, 0, 0, 1), write(3, 0, 2, 9), refusedSwap(1, 2, 3, 4));
  }

  @Test
  void aSecondCreationNeedsARemovalBetween() {
    assertViolated(created(1, 0, 0, 1), created(2, 0, 2, 3));
    assertHeld(created(1, 0, 0, 1), remove(0, 2, 3), created(2, 0, 4, 5));
  }

  @Test
  void whatIsUnknownMayHaveHappenedLaterOrNever() {
    assertHeld(created(1, 0, 0, 1), unknownWrite(2, 2), read(1, 0, 3, 4), read(2, 0, 5, 6));
    assertHeld(created(1, 0, 0, 1), unknownWrite(2, 2), read(1, 0, 3, 4), read(1, 0, 5, 6));
    assertViolated(created(1, 0, 0, 1), unknownWrite(2, 2), read(2, 0, 3, 4), read(1, 0, 5, 6));
    assertViolated(created(1, 0, 0, 1), read(2, 0, 2, 3), unknownWrite(2, 4));
  }

  @Test
  void whatWasSurelyNotDoneHasNoEffect() {
    var notDone = Ops.of(Kind.WRITE, 2, 0, Outcome.NOT_DONE, 0, 2, 3);
    assertHeld(created(1, 0, 0, 1), notDone, read(1, 0, 4, 5));
    assertViolated(created(1, 0, 0, 1), notDone, read(2, 0, 4, 5));
  }

  @Test
  void theWitnessIsTheOffendingWindowAndNoMore() {
    var operations = new ArrayList<Operation>();
    operations.add(created(1, 0, 0, 1));
    for (var i = 2L; i < 400; i++) {
      operations.add(write(i, 0, 10 * i, 10 * i + 1));
      operations.add(read(i, 0, 10 * i + 2, 10 * i + 3));
    }
    operations.add(write(1_000, 0, 5_000, 5_001));
    operations.add(read(399, 0, 5_002, 5_003));
    operations.add(write(1_001, 0, 5_004, 5_005));
    assertThat(violated(operations).witness()).hasSize(2);
    assertThat(violated(operations).witness().getFirst()).contains("to 1000");
    assertThat(violated(operations).witness().getLast()).contains("→ 399");
  }

  @Test
  void aSearchThatIsTooLongIsUndecidedNeverHeld() {
    var history = RandomHistory.of(7, 400, 8, 1, 5).history();
    assertThat(Linearizability.check(history)).isInstanceOf(Verdict.Held.class);
    assertThat(Linearizability.check(history, 100)).isInstanceOf(Verdict.Undecided.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 10, 30})
  void everyHistoryOfRealRegistersHolds(int unknownPercent) {
    for (var seed = 0; seed < 150; seed++) {
      var history = RandomHistory.of(seed, 300, 1 + seed % 8, 1 + seed % 3, unknownPercent);
      assertThat(Linearizability.check(history.history()))
          .as("seed " + seed)
          .isInstanceOf(Verdict.Held.class);
    }
  }

  /// Small histories with random answers, most of them wrong, are judged as by trying all orders.
  @Test
  void theSearchAgreesWithTryingAllOrders() {
    var held = 0;
    for (var seed = 0; seed < 6_000; seed++) {
      var history = arbitrary(new SplittableRandom(seed));
      var expected = anyOrder(history, new boolean[history.size()], Register.ABSENT);
      held += expected ? 1 : 0;
      assertThat(Linearizability.check(history) instanceof Verdict.Held)
          .as("seed " + seed + ": " + history)
          .isEqualTo(expected);
    }
    assertThat(held).isBetween(600, 5_400);
  }

  private static List<Operation> arbitrary(RandomGenerator random) {
    var history = new ArrayList<Operation>();
    history.add(created(1, 0, 0, 1));
    var count = random.nextInt(2, 7);
    for (var i = 0; i < count; i++) {
      var kind = KINDS.get(random.nextInt(KINDS.size()));
      var stamp = kind == Kind.REMOVE ? 0 : kind.mutates() ? i + 2 : random.nextInt(count + 2);
      var outcome =
          switch (random.nextInt(8)) {
            case 0 -> kind == Kind.READ ? Outcome.DONE : Outcome.REFUSED;
            case 1, 2 -> Outcome.UNKNOWN;
            default -> Outcome.DONE;
          };
      var from = random.nextInt(2, 14);
      history.add(
          new Operation(
              i,
              Ops.KEY,
              kind,
              stamp == 0 ? null : new Content(stamp, 0),
              kind.compares() ? random.nextInt(1, count + 2) : 0,
              outcome,
              "",
              0,
              from,
              from + random.nextInt(8),
              "m1"));
    }
    return history;
  }

  private static boolean anyOrder(List<Operation> history, boolean[] placed, long state) {
    var done = true;
    for (var i = 0; i < placed.length; i++) {
      done &= placed[i] || !LinearSearch.isKnown(history.get(i));
    }
    if (done) {
      return true;
    }
    for (var i = 0; i < placed.length; i++) {
      var operation = history.get(i);
      if (placed[i]
          || (operation.outcome() == Outcome.UNKNOWN && !operation.kind().mutates())
          || isPreceded(history, placed, operation)) {
        continue;
      }
      var after = Register.step(state, operation);
      placed[i] = true;
      if (after != Register.IMPOSSIBLE && anyOrder(history, placed, after)) {
        return true;
      }
      placed[i] = false;
    }
    return false;
  }

  private static boolean isPreceded(
      List<Operation> history, boolean[] placed, Operation operation) {
    for (var i = 0; i < placed.length; i++) {
      if (!placed[i]
          && LinearSearch.isKnown(history.get(i))
          && history.get(i).returnedNanos() < operation.invokedNanos()) {
        return true;
      }
    }
    return false;
  }

  /// As long as ten minutes of a run with faults.
  @Test
  @Timeout(value = 20, unit = TimeUnit.SECONDS)
  void fiftyThousandOperationsAreCheckedInSeconds() {
    var made = RandomHistory.of(1, 50_000, 8, 50, 1);
    var verdict = Linearizability.check(made.history());
    assertThat(verdict).isInstanceOf(Verdict.Held.class);
    assertThat(((Verdict.Held) verdict).counts()).containsEntry("objects", 50L);
  }
}
