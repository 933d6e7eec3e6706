package dev.skein.state.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.ratis.protocol.RaftPeerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What becomes durable before it counts, where the disk fails.
final class DurabilityTest {
  /// A directory that cannot be fsynced.
  private static final Path UNSYNCED = Path.of("/proc/self");

  @Test
  void aVoteThatCanNotBeStoredIsWithheldAndStopsTheNode() {
    List<IOException> failures = new ArrayList<>();
    try (VoteDurability votes =
        new VoteDurability(RaftPeerId.valueOf("m1"), UNSYNCED, failures::add)) {
      assertThatThrownBy(votes::sync)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("the vote is withheld");
      assertThat(failures).hasSize(1);
      assertThat(votes.syncs()).isZero();
    }
  }

  @Test
  void aVoteWhoseSendingIsCancelledIsWithheldAndStopsNothing(@TempDir Path directory) {
    List<IOException> failures = new ArrayList<>();
    try (VoteDurability votes =
        new VoteDurability(RaftPeerId.valueOf("m1"), directory, failures::add)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(votes::sync).hasMessageContaining("the vote is withheld");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(failures).isEmpty();
      votes.sync();
      assertThat(votes.syncs()).isEqualTo(1);
    }
  }

  @Test
  void aReceiptOfASnapshotThatCanNotBeStoredIsWithheld() {
    SnapshotTakeover takeover = new SnapshotTakeover(UNSYNCED);
    assertThatThrownBy(takeover::syncReceipt).isInstanceOf(IOException.class);
    assertThat(takeover.receipts()).isZero();
  }
}
