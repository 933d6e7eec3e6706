package dev.skein.chaos.exercise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.exercise.Score.Evidence;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ScoreTest {

  private static final Duration PAR = Duration.ofSeconds(60);

  private static Evidence evidence(
      boolean solved, long lost, long failed, int seconds, double predicted, boolean diagnosed) {
    return new Evidence(
        solved, lost, 1_000, failed, Duration.ofSeconds(seconds), PAR, predicted, 2, diagnosed);
  }

  private static int points(Evidence evidence, String part) {
    return Score.of(evidence).parts().stream()
        .filter(each -> each.what().equals(part))
        .mapToInt(Score.Part::points)
        .sum();
  }

  @Test
  void whoDoesAllWellHasAHundred() {
    assertThat(Score.of(evidence(true, 0, 0, 50, 2, true)).total()).isEqualTo(100);
  }

  @Test
  void whoLosesAnAcknowledgedWriteHasNothing() {
    var score = Score.of(evidence(true, 1, 0, 50, 2, true));
    assertThat(score.total()).isZero();
    assertThat(score.parts())
        .singleElement()
        .satisfies(p -> assertThat(p.what()).isEqualTo("safety"));
  }

  @Test
  void whoGivesUpAfterALossHasNothingEither() {
    assertThat(Score.of(evidence(false, 1, 0, 50, 2, true)).total()).isZero();
  }

  @Test
  void withoutTheGoalOnlyPredictionAndDiagnosisCount() {
    assertThat(Score.of(evidence(false, 0, 0, 50, 2, true)).total()).isEqualTo(25);
    assertThat(Score.of(evidence(false, 0, 0, 50, Double.NaN, false)).total()).isZero();
  }

  @Test
  void availabilityAndRecoveryAreWorthLessTheWorseTheyAre() {
    assertThat(points(evidence(true, 0, 100, 50, 2, true), "availability")).isEqualTo(13);
    assertThat(points(evidence(true, 0, 300, 50, 2, true), "availability")).isZero();
    assertThat(points(evidence(true, 0, 0, 150, 2, true), "recovery")).isEqualTo(10);
    assertThat(points(evidence(true, 0, 0, 240, 2, true), "recovery")).isZero();
  }

  @Test
  void aPredictionIsWorthLessTheFartherOffItIs() {
    assertThat(points(evidence(true, 0, 0, 50, 5, true), "prediction")).isEqualTo(5);
    assertThat(points(evidence(true, 0, 0, 50, 60, true), "prediction")).isZero();
    assertThat(points(evidence(true, 0, 0, 50, Double.NaN, true), "prediction")).isZero();
  }

  @Test
  void aDiagnosisIsALetterItsWordsOrTheNode() {
    for (var exercise : Exercises.all()) {
      var diagnosis = exercise.diagnosis();
      if (diagnosis.right() < 0) {
        assertThat(diagnosis.isRight(" M2 ", "m2")).isTrue();
        assertThat(diagnosis.isRight("m1", "m2")).isFalse();
      } else {
        var letter = String.valueOf((char) ('a' + diagnosis.right()));
        assertThat(diagnosis.isRight(letter, "")).isTrue();
        assertThat(diagnosis.isRight(diagnosis.choices().get(diagnosis.right()), "")).isTrue();
        assertThat(diagnosis.isRight(letter.equals("a") ? "b" : "a", "")).isFalse();
      }
    }
  }

  @Test
  void thereAreEightExercisesAndEachSaysAll() {
    assertThat(Exercises.all()).hasSizeGreaterThanOrEqualTo(8);
    assertThat(Exercises.all()).extracting(Exercise::name).doesNotHaveDuplicates();
    assertThat(Exercises.all())
        .allSatisfy(
            exercise -> {
              assertThat(exercise.hints()).isNotEmpty();
              assertThat(exercise.goal()).isNotBlank();
              assertThat(exercise.explanation()).isNotBlank();
              assertThat(exercise.par()).isPositive();
            });
  }
}
