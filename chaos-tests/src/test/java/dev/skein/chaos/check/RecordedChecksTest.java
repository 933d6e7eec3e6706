package dev.skein.chaos.check;

import static dev.skein.chaos.check.Ops.created;
import static dev.skein.chaos.check.Ops.read;
import static dev.skein.chaos.check.Ops.remove;
import static dev.skein.chaos.check.Ops.swap;
import static dev.skein.chaos.check.Ops.unknownWrite;
import static dev.skein.chaos.check.Ops.write;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.chaos.check.KeptWrites.Final;
import dev.skein.chaos.check.KeptWrites.Held;
import dev.skein.chaos.history.Content;
import dev.skein.chaos.history.Copy;
import dev.skein.chaos.history.History;
import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Notice;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The checks of a recorded history but the search: indexes, final states, watches; and the record.
class RecordedChecksTest {

  private static void assertHeld(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Held.class);
  }

  private static void assertViolated(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Violated.class);
    assertThat(((Verdict.Violated) verdict).what()).isNotEmpty();
  }

  // ---- Indexes

  @Test
  void indexesOfRealRegistersHold() {
    for (var seed = 0; seed < 200; seed++) {
      var made = RandomHistory.of(seed, 400, 8, 1 + seed % 5, seed % 20);
      assertThat(IndexOrder.check(made.history()))
          .as("seed " + seed)
          .isInstanceOf(Verdict.Held.class);
      assertThat(KeptWrites.check(made.history(), List.of(end(made.state()))))
          .as("seed " + seed)
          .isInstanceOf(Verdict.Held.class);
    }
  }

  @Test
  void whatCameLaterHasAHigherIndex() {
    assertHeld(IndexOrder.check(List.of(created(1, 5, 0, 1), write(2, 6, 2, 3))));
    assertViolated(IndexOrder.check(List.of(created(1, 5, 0, 1), read(1, 4, 2, 3))));
    // Concurrent ones may have any order; a change never has the index of what was before it.
    assertHeld(IndexOrder.check(List.of(created(1, 5, 0, 4), write(2, 6, 2, 3))));
    assertViolated(IndexOrder.check(List.of(created(1, 5, 0, 1), write(2, 5, 2, 3))));
  }

  @Test
  void aReadSeesTheChangeOfItsIndex() {
    assertHeld(IndexOrder.check(List.of(created(1, 5, 0, 1), write(2, 7, 2, 9), read(1, 6, 3, 9))));
    // Both overlap, so that real time allows either; its index does not.
    assertViolated(
        IndexOrder.check(List.of(created(1, 5, 0, 1), write(2, 7, 2, 9), read(1, 8, 3, 9))));
    assertViolated(
        IndexOrder.check(List.of(created(1, 5, 0, 1), write(2, 7, 2, 9), read(2, 6, 3, 9))));
    assertViolated(IndexOrder.check(List.of(created(1, 5, 0, 1), read(77, 6, 3, 9))));
    assertHeld(
        IndexOrder.check(List.of(created(1, 5, 0, 1), unknownWrite(2, 2), read(2, 6, 3, 9))));
  }

  @Test
  void aSwapReplacesTheChangeBeforeIt() {
    assertHeld(IndexOrder.check(List.of(created(1, 5, 0, 1), swap(1, 2, 7, 2, 9))));
    assertViolated(
        IndexOrder.check(List.of(created(1, 5, 0, 1), write(3, 6, 2, 9), swap(1, 2, 7, 2, 9))));
  }

  @Test
  void aChangeWithoutAnIndexLeavesItUndecided() {
    assertThat(IndexOrder.check(List.of(created(1, 0, 0, 1))))
        .isInstanceOf(Verdict.Undecided.class);
  }

  @Test
  void objectsWithAWrongOrderAreCounted() {
    var history =
        List.of(
            created(1, 5, 0, 1),
            read(77, 6, 2, 9),
            Ops.on("db", created(1, 7, 3, 9)),
            Ops.on("db", read(77, 8, 4, 9)),
            Ops.on("cache", created(1, 9, 5, 9)));
    for (var verdict : List.of(IndexOrder.check(history), Linearizability.check(history))) {
      assertThat(((Verdict.Violated) verdict).count()).as(verdict.check()).isEqualTo(2);
    }
  }

  // ---- Final states

  private static Final end(Map<String, Content> objects) {
    Map<String, Held> held = new HashMap<>();
    objects.forEach((key, content) -> held.put(key, new Held(content, Long.MAX_VALUE)));
    return new Final("m1", held);
  }

  private static Final end(long stamp, long version) {
    return new Final("m2", Map.of(Ops.KEY, new Held(new Content(stamp, 0), version)));
  }

  private static Final end(long stamp) {
    return stamp == 0 ? new Final("m2", Map.of()) : end(stamp, Long.MAX_VALUE);
  }

  @Test
  void theLastAcknowledgedChangeIsKept() {
    var history = List.of(created(1, 5, 0, 1), write(2, 6, 2, 3));
    assertHeld(KeptWrites.check(history, List.of(end(2), end(2))));
    assertViolated(KeptWrites.check(history, List.of(end(2), end(1))));
    assertViolated(KeptWrites.check(history, List.of(end(0))));
    assertThat(KeptWrites.check(history, List.of())).isInstanceOf(Verdict.Undecided.class);
  }

  @Test
  void aChangeOfUnknownOutcomeMayHaveReplacedIt() {
    var history = List.of(created(1, 5, 0, 1), unknownWrite(2, 2));
    assertHeld(KeptWrites.check(history, List.of(end(2))));
    assertHeld(KeptWrites.check(history, List.of(end(1))));
    assertViolated(KeptWrites.check(history, List.of(end(3))));
  }

  @Test
  void aChangeOfUnknownOutcomeDoesNotComeBackAfterALaterOne() {
    var history = List.of(created(1, 5, 0, 1), unknownWrite(2, 2), write(3, 7, 3, 4));
    assertHeld(KeptWrites.check(history, List.of(end(3, 7))));
    assertHeld(KeptWrites.check(history, List.of(end(2, 8))));
    assertViolated(KeptWrites.check(history, List.of(end(2, 6))));
  }

  @Test
  void lostObjectsAreCounted() {
    var history = List.of(created(1, 5, 0, 1), write(2, 6, 2, 3));
    var verdict = KeptWrites.check(history, List.of(end(1), end(1)));
    assertThat(((Verdict.Violated) verdict).count()).isEqualTo(1);
  }

  @Test
  void aRemovedObjectStaysAway() {
    var history = List.of(created(1, 5, 0, 1), remove(6, 2, 3));
    assertHeld(KeptWrites.check(history, List.of(end(0))));
    assertViolated(KeptWrites.check(history, List.of(end(1))));
  }

  // ---- Watches

  private static final List<Operation> CHANGES =
      List.of(created(1, 5, 0, 1), write(2, 7, 2, 3), remove(9, 4, 5));

  private static Notice event(long index, String action) {
    return Notice.event("m1", index, action, "id", Ops.KEY);
  }

  private static List<Notice> told(Notice... events) {
    var notices = new ArrayList<>(List.of(Notice.began("m1", 4)));
    notices.addAll(List.of(events));
    return notices;
  }

  @Test
  void aWatcherThatWasToldAllInOrderHolds() {
    assertHeld(
        WatchOrder.check(
            CHANGES, told(event(5, "create"), event(7, "update"), event(9, "remove")), 9));
  }

  @Test
  void aMissingADoubledAndAnUnorderedEventAreViolations() {
    assertViolated(WatchOrder.check(CHANGES, told(event(5, "create"), event(9, "remove")), 0));
    assertViolated(
        WatchOrder.check(
            CHANGES, told(event(5, "create"), event(7, "update"), event(7, "update")), 0));
    assertViolated(
        WatchOrder.check(
            CHANGES, told(event(7, "update"), event(5, "create"), event(9, "remove")), 0));
    assertViolated(WatchOrder.check(CHANGES, told(event(5, "create")), 9));
  }

  @Test
  void whatLiesBeforeANewBeginningIsNotAskedFor() {
    assertHeld(
        WatchOrder.check(
            CHANGES, told(event(5, "create"), Notice.began("m1", 8), event(9, "remove")), 9));
  }

  @Test
  void anObjectThatNobodyMadeIsAViolation() {
    assertViolated(
        WatchOrder.check(
            CHANGES,
            told(event(5, "create"), event(6, "remove"), event(7, "update"), event(9, "remove")),
            0));
    var maybe = new ArrayList<>(CHANGES);
    maybe.add(Ops.of(Kind.REMOVE, 0, 0, Outcome.UNKNOWN, 0, 0, 0));
    assertHeld(
        WatchOrder.check(
            maybe,
            told(event(5, "create"), event(6, "remove"), event(7, "update"), event(9, "remove")),
            0));
  }

  @Test
  void twoWatchersAreToldTheSame() {
    var notices =
        told(event(5, "create"), event(6, "update"), event(7, "update"), event(9, "remove"));
    notices.add(Notice.began("m2", 4));
    for (var event : List.of(event(5, "create"), event(7, "update"), event(9, "remove"))) {
      notices.add(Notice.event("m2", event.index(), event.action(), "id", Ops.KEY));
    }
    assertViolated(WatchOrder.check(CHANGES, notices, 0));
    notices.add(5, Notice.began("m2", 4));
    notices.add(6, Notice.event("m2", 5, "create", "id", Ops.KEY));
    notices.add(7, Notice.event("m2", 6, "update", "id", Ops.KEY));
    assertThat(WatchOrder.check(CHANGES, notices.subList(0, 8), 0))
        .isInstanceOf(Verdict.Held.class);
  }

  @Test
  void withoutWatchersItIsUndecided() {
    assertThat(WatchOrder.check(CHANGES, List.of(), 0)).isInstanceOf(Verdict.Undecided.class);
  }

  // ---- The record

  @Test
  void aHistoryIsReadAgainAsItWasWritten(@TempDir Path directory) throws IOException {
    var file = directory.resolve("history.jsonl");
    var made = RandomHistory.of(3, 500, 8, 5, 10).history();
    try (var history = History.to(file)) {
      made.forEach(history::add);
      history.add(Notice.began("m1", 4));
      history.add(event(5, "create"));
      history.add(new Copy("m1", 5, "a"));
    }
    Files.writeString(file, "{\"client\":1,\"ke", StandardOpenOption.APPEND);
    var again = History.read(file);
    assertThat(again.operations()).isEqualTo(made);
    assertThat(again.notices()).containsExactly(Notice.began("m1", 4), event(5, "create"));
    assertThat(again.copies()).containsExactly(new Copy("m1", 5, "a"));
  }

  @Test
  void aRecordedHistoryIsJudgedAgain(@TempDir Path directory) throws IOException {
    var file = directory.resolve("history.jsonl");
    try (var history = History.to(file)) {
      CHANGES.forEach(history::add);
      told(event(5, "create"), event(7, "update"), event(9, "remove")).forEach(history::add);
      List.of(new Copy("m1", 5, "a"), new Copy("m2", 5, "a")).forEach(history::add);
    }
    assertThat(recheck(file)).isEqualTo(0);
    try (var history = History.to(file)) {
      CHANGES.forEach(history::add);
      history.add(read(1, 8, 20, 21));
    }
    assertThat(recheck(file)).isEqualTo(1);
    try (var history = History.to(file)) {
      CHANGES.forEach(history::add);
      List.of(new Copy("m1", 5, "a"), new Copy("m2", 5, "b")).forEach(history::add);
    }
    assertThat(recheck(file)).isEqualTo(1);
    try (var history = History.to(file)) {
      CHANGES.forEach(history::add);
    }
    assertThat(recheck(file)).as("nobody watched").isEqualTo(2);
  }

  private static int recheck(Path file) throws IOException {
    try (var out = new PrintStream(OutputStream.nullOutputStream(), true, UTF_8)) {
      return Recheck.run(new String[] {file.toString()}, out);
    }
  }

  @Test
  void aLineThatIsNoRecordIsNamed(@TempDir Path directory) throws IOException {
    var file = Files.writeString(directory.resolve("history.jsonl"), "[]\n");
    assertThatThrownBy(() -> History.read(file)).hasMessageContaining("line 1");
  }
}
