package dev.skein.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.ReplicatedMode;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.SpecRevision;
import dev.skein.proto.v1.TaskSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
  @Test
  void idsAreDistinctAndOfOneLength() {
    var source = new IdSource(new Random(1));
    var ids = new HashSet<String>();
    for (var i = 0; i < 10_000; i++) {
      var id = source.next();
      assertThat(id).matches("[0-9a-z]{25}");
      ids.add(id);
    }
    assertThat(ids).hasSize(10_000);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 999_999_999, 1_500_000_000, -1, -1_500_000_000, Long.MAX_VALUE})
  void durationsSurviveTheWayThroughTheirMessage(long nanos) {
    var duration = Duration.ofNanos(nanos);
    var message = Times.proto(duration);
    assertThat(Times.duration(message)).isEqualTo(duration);
    // A valid google.protobuf.Duration: both parts of one sign.
    assertThat(Long.signum(message.getSeconds()) * Integer.signum(message.getNanos()))
        .isNotNegative();
  }

  @Test
  void instantsSurviveTheWayThroughTheirMessage() {
    for (var instant : new Instant[] {Instant.EPOCH, Instant.parse("2026-03-04T05:06:07.089Z")}) {
      assertThat(Times.instant(Times.timestamp(instant))).isEqualTo(instant);
    }
  }

  @Test
  void whatASpecLeavesOpenHasDockersDefault() {
    var spec = ServiceSpec.getDefaultInstance();
    assertThat(Defaults.replicas(spec)).isEqualTo(1);
    assertThat(Defaults.isReplicated(spec)).isTrue();
    assertThat(Defaults.restartDelay(spec.getTaskTemplate().getRestartPolicy()))
        .isEqualTo(Duration.ofSeconds(5));
    assertThat(Defaults.stopGracePeriod(spec.getTaskTemplate())).isEqualTo(Duration.ofSeconds(10));
    assertThat(Defaults.updateParallelism(spec.getUpdateConfig())).isEqualTo(1);
    var none =
        ServiceSpec.newBuilder()
            .setMode(
                ServiceMode.newBuilder().setReplicated(ReplicatedMode.newBuilder().setReplicas(0)))
            .build();
    assertThat(Defaults.replicas(none)).isZero();
  }

  @Test
  void aTasksSpecIsTheRevisionItWasMadeFrom() {
    var old = TaskSpec.newBuilder().setForceUpdate(1).build();
    var service =
        Service.newBuilder()
            .setSpecVersion(3)
            .setSpec(
                ServiceSpec.newBuilder().setTaskTemplate(TaskSpec.newBuilder().setForceUpdate(3)))
            .addRevisions(SpecRevision.newBuilder().setVersion(1).setTask(old))
            .build();
    assertThat(Revisions.find(service, 1)).extracting(SpecRevision::getTask).isEqualTo(old);
    assertThat(Revisions.find(service, 2)).isNull();
    assertThat(Revisions.find(service, 3)).isEqualTo(Revisions.current(service));
  }
}
