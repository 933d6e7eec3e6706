package dev.skein.state.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.state.ratis.ReadRounds.Leading;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// When a leader may answer a read.
final class ReadRoundsTest {
  private static final long TERM = 7;

  private @Nullable Leading leading = leading("m1 m2 m3");
  private final Map<String, CompletableFuture<Long>> questions = new HashMap<>();
  private int asked;
  private final Queue<Runnable> completions = new ArrayDeque<>();
  private final ReadRounds rounds = new ReadRounds(() -> leading, this::ask, completions::add);

  private static Leading leading(String... configurations) {
    return new Leading(TERM, "m1", Stream.of(configurations).map(ReadRoundsTest::members).toList());
  }

  private static Set<RaftMember> members(String ids) {
    return Stream.of(ids.split(" "))
        .map(id -> new RaftMember(id, "h", 1))
        .collect(Collectors.toSet());
  }

  private CompletableFuture<Long> ask(RaftMember member) {
    asked++;
    CompletableFuture<Long> question = new CompletableFuture<>();
    questions.put(member.id(), question);
    return question;
  }

  private CompletableFuture<Long> question(String id) {
    return Objects.requireNonNull(questions.get(id), id);
  }

  private void answer(String id, long term) {
    question(id).complete(term);
    complete();
  }

  private void refuse(String id) {
    question(id).completeExceptionally(new IllegalStateException("unreachable"));
    complete();
  }

  private void complete() {
    for (Runnable next = completions.poll(); next != null; next = completions.poll()) {
      next.run();
    }
  }

  @Test
  void aLoneMemberConfirmsByItself() {
    leading = leading("m1");
    CompletableFuture<Boolean> read = rounds.confirm();
    complete();
    assertThat(read).isCompletedWithValue(true);
    assertThat(asked).isZero();
  }

  @Test
  void aMajorityWithTheSameTermConfirms() {
    leading = leading("m1 m2 m3 m4 m5");
    CompletableFuture<Boolean> read = rounds.confirm();
    answer("m2", TERM);
    refuse("m3");
    assertThat(read).isNotDone();
    answer("m5", TERM);
    assertThat(read).isCompletedWithValue(true);
    answer("m4", TERM + 1);
    assertThat(read).isCompletedWithValue(true);
  }

  @Test
  void whoKnowsALaterTermDoesNotConfirm() {
    CompletableFuture<Boolean> read = rounds.confirm();
    answer("m2", TERM + 1);
    assertThat(read).isNotDone();
    answer("m3", TERM + 1);
    assertThat(read).isCompletedWithValue(false);
  }

  @Test
  void whoHasNotHeardOfThisTermYetDoesNotConfirmEither() {
    CompletableFuture<Boolean> read = rounds.confirm();
    answer("m2", TERM - 1);
    refuse("m3");
    assertThat(read).isCompletedWithValue(false);
  }

  @Test
  void duringAChangeOfTheMembersAMajorityOfBothConfigurationsCounts() {
    leading = leading("m1 m2 m3", "m1 m4 m5");
    CompletableFuture<Boolean> read = rounds.confirm();
    answer("m2", TERM);
    answer("m3", TERM);
    assertThat(read).isNotDone();
    refuse("m4");
    answer("m5", TERM);
    assertThat(read).isCompletedWithValue(true);
  }

  @Test
  void aLeaderThatIsBeingRemovedDoesNotCountItself() {
    leading = leading("m2 m3");
    CompletableFuture<Boolean> read = rounds.confirm();
    answer("m2", TERM);
    assertThat(read).isNotDone();
    answer("m3", TERM);
    assertThat(read).isCompletedWithValue(true);
  }

  @Test
  void whoDoesNotLeadAsksNobody() {
    leading = null;
    CompletableFuture<Boolean> read = rounds.confirm();
    complete();
    assertThat(read).isCompletedWithValue(false);
    assertThat(asked).isZero();
  }

  /// An answer that was given before a read began says nothing about who led when it began.
  @Test
  void readsDuringARoundWaitForTheNext() {
    CompletableFuture<Boolean> first = rounds.confirm();
    CompletableFuture<Boolean> second = rounds.confirm();
    CompletableFuture<Boolean> third = rounds.confirm();
    assertThat(asked).isEqualTo(2);
    answer("m2", TERM);
    assertThat(first).isCompletedWithValue(true);
    assertThat(List.of(second, third)).noneMatch(CompletableFuture::isDone);
    assertThat(asked).isEqualTo(4);
    answer("m2", TERM + 1);
    answer("m3", TERM + 1);
    assertThat(second).isCompletedWithValue(false);
    assertThat(third).isCompletedWithValue(false);

    CompletableFuture<Boolean> later = rounds.confirm();
    answer("m3", TERM);
    assertThat(later).isCompletedWithValue(true);
  }

  @Test
  void aQuestionThatCannotBeAskedIsNotAnswered() {
    ReadRounds mute =
        new ReadRounds(
            () -> leading,
            member -> {
              throw new IllegalArgumentException("no such host");
            },
            completions::add);
    for (int i = 0; i < 2; i++) {
      CompletableFuture<Boolean> read = mute.confirm();
      complete();
      assertThat(read).isCompletedWithValue(false);
    }
  }

  @Test
  void waitingReadsAreLimited() {
    var _ = rounds.confirm();
    for (int i = 0; i < RaftLimits.PROPOSALS_MAX; i++) {
      assertThat(rounds.confirm()).isNotDone();
    }
    assertThatThrownBy(() -> rounds.confirm().join())
        .hasCauseInstanceOf(RaftException.Overloaded.class);
  }
}
