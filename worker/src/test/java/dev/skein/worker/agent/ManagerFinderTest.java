package dev.skein.worker.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ManagerFinderTest {

  private final ManagerFinder finder = new ManagerFinder(List.of("a", "b", "c"), new Random(1));

  @Test
  void theFirstTryIsMadeAtOnce() {
    assertThat(finder.pause()).isEqualTo(Duration.ZERO);
  }

  @Test
  void everyManagerIsTriedInTurn() {
    var tried = new HashSet<String>();
    for (var i = 0; i < 3; i++) {
      tried.add(finder.next());
      finder.failed();
    }

    assertThat(tried).containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void aSuccessorIsLookedForQuicklyAndOnlyThenEverMoreSlowly() {
    assertThat(finder.pause()).isZero();
    var quick = Duration.ZERO;
    for (var i = 0; i < ManagerFinder.QUICK_TRIES; i++) {
      finder.failed();
      var pause = finder.pause();
      assertThat(pause).isBetween(ManagerFinder.QUICK.dividedBy(2), ManagerFinder.QUICK);
      quick = quick.plus(pause);
    }
    assertThat(quick).isGreaterThan(Duration.ofMillis(700));

    for (var i = 0; i < 100; i++) {
      finder.failed();
      assertThat(finder.pause()).isLessThanOrEqualTo(ManagerFinder.SLOWEST);
    }
    assertThat(finder.pause()).isGreaterThanOrEqualTo(ManagerFinder.SLOWEST.dividedBy(2));
  }

  @Test
  void afterASessionTheFirstTryIsMadeAtOnceAgain() {
    for (var i = 0; i < 100; i++) {
      finder.failed();
    }
    finder.accepted();

    finder.failed();

    assertThat(finder.pause()).isZero();
    assertThat(finder.pause()).isLessThanOrEqualTo(ManagerFinder.QUICK);
  }

  @Test
  void aManagerThatKnowsTheLeaderSendsTheAgentThereAtOnce() {
    assertThat(finder.pause()).isZero();
    finder.redirected("b");
    assertThat(finder.next()).isEqualTo("b");
    assertThat(finder.pause()).isZero();

    finder.redirected("unheard-of");
    assertThat(finder.next()).isEqualTo("unheard-of");
  }

  @Test
  void managersThatSendTheAgentToAndFroDoNotMakeItSpin() {
    assertThat(finder.pause()).isZero();
    var pauses = 0;
    for (var i = 0; i < 2 * (ManagerFinder.REDIRECTS_MAX + 1); i++) {
      finder.redirected(i % 2 == 0 ? "a" : "b");
      if (!finder.pause().isZero()) {
        pauses++;
      }
    }

    assertThat(pauses).isEqualTo(2);
  }

  @Test
  void theAddressesKeptAreBoundedAndListedOnce() {
    finder.known(IntStream.range(0, 1_000).mapToObj(i -> "m" + i % 500).toList());

    assertThat(finder.addresses()).hasSize(ManagerFinder.ADDRESSES_MAX).doesNotHaveDuplicates();
    assertThat(finder.next()).isEqualTo("m0");
  }

  @Test
  void anAgentNeedsAnAddress() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ManagerFinder(List.of(), new Random(1)));
  }
}
