package dev.skein.chaos.exercise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.exercise.Attempt.Seen;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class OrderBookTest {

  private final OrderBook book = new OrderBook();

  private void acknowledge(int... numbers) {
    for (var number : numbers) {
      book.acknowledged(number);
    }
  }

  @Test
  void aStateThatHasGoneBackIsRememberedWhateverIsWrittenLater() {
    acknowledge(1, 2, 3, 4, 5);
    book.found(5);
    assertThat(book.lost()).isZero();
    book.found(2);
    acknowledge(6);
    book.found(6);
    assertThat(book.lost()).isEqualTo(3);
    assertThat(book.highest()).isEqualTo(6);
    assertThat(book.count()).isEqualTo(6);
  }

  @Test
  void aLossIsCountedOnceHoweverOftenItIsSeen() {
    acknowledge(1, 2, 3);
    book.found(1);
    book.found(1);
    assertThat(book.lost()).isEqualTo(2);
    assertThat(book.highest()).isEqualTo(1);
    book.found(0);
    assertThat(book.lost()).isEqualTo(3);
    assertThat(book.highest()).isZero();
  }

  @Test
  void whatWasNeverAcknowledgedIsNotLost() {
    // 3 and 4 had no answer, and 4 was kept nevertheless.
    acknowledge(1, 2);
    book.found(4);
    acknowledge(5);
    book.found(2);
    assertThat(book.lost()).isEqualTo(1);
  }

  private static Seen seen(long acknowledged, long lost) {
    return new Seen(1, "m1", true, 0, acknowledged, lost, 0, 0, 0, 0, -1, "");
  }

  @Test
  void whatIsMissingAtTheEndIsLostWhetherTheGoalWasReachedOrNot() {
    assertThat(Customers.lost(seen(9, 0), OptionalLong.of(9))).isZero();
    assertThat(Customers.lost(seen(9, 0), OptionalLong.of(10))).isZero();
    assertThat(Customers.lost(seen(9, 0), OptionalLong.of(7))).isEqualTo(2);
    assertThat(Customers.lost(seen(9, 4), OptionalLong.of(9))).isEqualTo(4);
    // What nobody can tell is not known to be lost; what was missed before stays so.
    assertThat(Customers.lost(seen(9, 4), OptionalLong.empty())).isEqualTo(4);
  }
}
