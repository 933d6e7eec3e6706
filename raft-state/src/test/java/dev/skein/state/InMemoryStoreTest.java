package dev.skein.state;

import static dev.skein.state.Fixtures.node;
import static dev.skein.state.Fixtures.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.TaskState;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class InMemoryStoreTest {
  @Test
  void aProposalCompletesWithTheIndexThatHoldsIt() {
    var store = new InMemoryStore();
    assertThat(store.propose(set(ChangeSets.create(node("n1")))).join()).isEqualTo(1);
    assertThat(store.propose(set(ChangeSets.create(node("n2")))).join()).isEqualTo(2);
    assertThat(store.read().join().nodes().size()).isEqualTo(2);
  }

  @Test
  void aConflictIsToldAndUsesNoIndex() {
    var store = new InMemoryStore();
    store.commit(set(ChangeSets.create(node("n1"))));
    var proposal = store.propose(set(ChangeSets.create(node("n1"))));
    assertThatThrownBy(proposal::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOf(StoreException.ConflictException.class)
        .hasMessage("node n1 already exists");
    assertThat(store.state().index()).isEqualTo(1);
  }

  @Test
  void aSetAtTheLimitFitsAndOneChangeMoreDoesNot() {
    var store = new InMemoryStore();
    var remove = ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, "t");
    var atLimit =
        ChangeSet.newBuilder()
            .addAllChanges(Collections.nCopies(Limits.CHANGES_PER_SET, remove))
            .build();
    store.commit(atLimit);
    assertThatThrownBy(() -> store.commit(atLimit.toBuilder().addChanges(remove).build()))
        .isInstanceOf(StoreException.TooLargeException.class)
        .hasMessageContaining("10001 changes");
    var big = node("n").toBuilder();
    big.getSpecBuilder().putLabels("big", "x".repeat(Limits.BYTES_PER_OBJECT));
    assertThatThrownBy(() -> store.commit(set(ChangeSets.create(big.build()))))
        .isInstanceOf(StoreException.TooLargeException.class)
        .hasMessageContaining("an object of");
  }

  @Test
  void aWatchSeesEveryCommitOnceAndInOrder() throws InterruptedException {
    var store = new InMemoryStore();
    store.commit(set(ChangeSets.create(node("n0"))));
    try (var watch = store.watch()) {
      assertThat(watch.initial().index()).isEqualTo(1);
      assertThat(watch.poll()).isNull();
      for (var i = 1; i <= 3; i++) {
        store.commit(set(ChangeSets.create(node("n" + i))));
      }
      var before = watch.initial();
      for (var i = 1; i <= 3; i++) {
        var commit = (Commit) watch.take();
        assertThat(commit.index()).isEqualTo(i + 1);
        assertThat(commit.before()).isSameAs(before);
        assertThat(commit.changes())
            .singleElement()
            .satisfies(
                change -> {
                  assertThat(change.isCreate()).isTrue();
                  assertThat(change.after()).isEqualTo(commit.after().node(change.id()));
                });
        before = commit.after();
      }
      assertThat(watch.poll()).isNull();
    }
  }

  @Test
  void anEntryWithoutEffectIsNoCommit() {
    var store = new InMemoryStore();
    try (var watch = store.watch()) {
      store.commit(set(ChangeSets.desire("gone", TaskState.TASK_STATE_REMOVE)));
      assertThat(watch.poll()).isNull();
      store.commit(set(ChangeSets.create(node("n1"))));
      assertThat(watch.poll()).isInstanceOf(Commit.class);
    }
  }

  @Test
  void aSlowWatchIsToldToResyncAndThenGoesOn() {
    var store = new InMemoryStore(ClusterState.empty(), 3);
    try (var slow = store.watch();
        var quick = store.watch()) {
      for (var i = 1; i <= 5; i++) {
        store.commit(set(ChangeSets.create(node("n" + i))));
        assertThat(quick.poll()).isInstanceOf(Commit.class);
      }
      assertThat(slow.poll()).isEqualTo(new Resync(store.state()));
      assertThat(slow.poll()).isNull();
      store.commit(set(ChangeSets.create(node("n6"))));
      assertThat(slow.poll())
          .isInstanceOfSatisfying(
              Commit.class, commit -> assertThat(commit.before().nodes().size()).isEqualTo(5));
    }
  }

  @Test
  void aWatchSignalsWhatItQueued() {
    var store = new InMemoryStore();
    var signals = new int[1];
    try (var watch = store.watch(() -> signals[0]++)) {
      store.commit(set(ChangeSets.create(node("n1"))));
      assertThat(signals[0]).isEqualTo(1);
      assertThat(watch.poll()).isNotNull();
    }
    store.commit(set(ChangeSets.create(node("n2"))));
    assertThat(signals[0]).isEqualTo(1);
  }

  @Test
  void closingEndsAWaitingReader() throws Exception {
    var store = new InMemoryStore();
    var watch = store.watch();
    var ended = new CompletableFuture<Throwable>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                watch.take();
              } catch (IllegalStateException | InterruptedException closed) {
                ended.complete(closed);
              }
            });
    watch.close();
    assertThat(ended.get(10, TimeUnit.SECONDS)).hasMessage("the watch is closed");
  }
}
