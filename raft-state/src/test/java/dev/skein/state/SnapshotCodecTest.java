package dev.skein.state;

import static dev.skein.state.Fixtures.applied;
import static dev.skein.state.Fixtures.cluster;
import static dev.skein.state.Fixtures.node;
import static dev.skein.state.Fixtures.service;
import static dev.skein.state.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.SnapshotHeader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SnapshotCodecTest {
  private static final ClusterState STATE =
      applied(
          ClusterState.empty(),
          ChangeSets.create(cluster("c")),
          ChangeSets.create(node("n1")),
          ChangeSets.create(service("s", "web")),
          ChangeSets.create(task("t1", "s", 1)),
          ChangeSets.create(task("t2", "s", 2).toBuilder().setNodeId("n1").build()));

  @Test
  void aStateIsReadAsItWasWrittenWithItsIndexes() throws IOException {
    var read = SnapshotCodec.read(new ByteArrayInputStream(written(STATE)));
    assertThat(read.index()).isEqualTo(STATE.index());
    assertThat(read.cluster()).isEqualTo(STATE.cluster());
    assertThat(read.nodes().values()).containsExactlyElementsOf(STATE.nodes().values());
    assertThat(read.services().values()).containsExactlyElementsOf(STATE.services().values());
    assertThat(read.tasks().values()).containsExactlyElementsOf(STATE.tasks().values());
    assertThat(read.serviceByName("WEB")).isEqualTo(STATE.service("s"));
    assertThat(read.tasksOfNode("n1")).containsExactly(STATE.tasks().get("t2"));
    assertThat(read.taskCountOfService("s")).isEqualTo(2);
    assertThat(SnapshotCodec.digest(read)).isEqualTo(SnapshotCodec.digest(STATE));
  }

  @Test
  void theEmptyStateIsASnapshotToo() throws IOException {
    var read = SnapshotCodec.read(new ByteArrayInputStream(written(ClusterState.empty())));
    assertThat(read.index()).isZero();
    assertThat(read.tasks().isEmpty()).isTrue();
  }

  @Test
  void aSnapshotCutAnywhereIsRefused() throws IOException {
    var bytes = written(STATE);
    for (var length = 0; length < bytes.length; length++) {
      var cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> SnapshotCodec.read(new ByteArrayInputStream(cut)))
          .isInstanceOf(SnapshotException.class);
    }
  }

  @Test
  void aSnapshotWithSomethingBehindItIsRefused() throws IOException {
    var bytes = written(STATE);
    var longer = Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> SnapshotCodec.read(new ByteArrayInputStream(longer)))
        .isInstanceOf(SnapshotException.class)
        .hasMessageContaining("goes on after the 5 objects");
  }

  @Test
  void aNewerFormatIsRefusedByName() throws IOException {
    var out = new ByteArrayOutputStream();
    SnapshotHeader.newBuilder().setFormat(2).build().writeDelimitedTo(out);
    assertThatThrownBy(() -> SnapshotCodec.read(new ByteArrayInputStream(out.toByteArray())))
        .isInstanceOf(SnapshotException.class)
        .hasMessageContaining("format 2")
        .hasMessageContaining("reads up to 1");
  }

  @Test
  void theDigestTellsStatesApartButNotTheirHistories() {
    var other = applied(STATE, ChangeSets.create(task("t3", "s", 3)));
    assertThat(SnapshotCodec.digest(other)).isNotEqualTo(SnapshotCodec.digest(STATE));
    var back = applied(other, ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, "t3"));
    assertThat(SnapshotCodec.digest(back)).isEqualTo(SnapshotCodec.digest(STATE));
  }

  private static byte[] written(ClusterState state) throws IOException {
    var out = new ByteArrayOutputStream();
    SnapshotCodec.write(state, out);
    return out.toByteArray();
  }
}
