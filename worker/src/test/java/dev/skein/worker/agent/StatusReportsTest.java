package dev.skein.worker.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.TaskStatusReport;
import dev.skein.proto.v1.TaskStatusUpdate;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StatusReportsTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final StatusReports reports = new StatusReports();

  private static TaskStatus status(TaskState state) {
    return TaskStatus.newBuilder().setState(state).build();
  }

  private TaskStatusReport next(Instant now) {
    var report = reports.next(now);
    if (report == null) {
      throw new AssertionError("nothing to report");
    }
    return report;
  }

  private static List<String> tasks(TaskStatusReport report) {
    return report.getUpdatesList().stream().map(TaskStatusUpdate::getTaskId).toList();
  }

  @Test
  void whatIsNotAcknowledgedIsRepeated() {
    reports.changed("t1", status(TaskState.TASK_STATE_RUNNING));
    var first = next(NOW);
    assertThat(reports.next(NOW)).isNull();

    var due = NOW.plus(StatusReports.REPEAT_AFTER);
    assertThat(reports.dueAt()).isEqualTo(due);
    assertThat(reports.next(due.minusNanos(1))).isNull();
    var second = next(due);

    assertThat(second.getUpdatesList()).isEqualTo(first.getUpdatesList());
    assertThat(second.getSequence()).isGreaterThan(first.getSequence());
    reports.acknowledged(first.getSequence());
    assertThat(reports.isEmpty()).isFalse();
    reports.acknowledged(second.getSequence());
    assertThat(reports.isEmpty()).isTrue();
  }

  @Test
  void whatChangesWhileAReportIsOnItsWayComesWithTheNext() {
    reports.changed("t1", status(TaskState.TASK_STATE_STARTING));
    var first = next(NOW);
    reports.changed("t1", status(TaskState.TASK_STATE_RUNNING));
    reports.changed("t1", status(TaskState.TASK_STATE_FAILED));
    reports.changed("t2", status(TaskState.TASK_STATE_RUNNING));

    reports.acknowledged(first.getSequence());

    var second = next(NOW);
    assertThat(tasks(second)).containsExactlyInAnyOrder("t1", "t2");
    assertThat(second.getUpdatesList().stream().map(update -> update.getStatus().getState()))
        .contains(TaskState.TASK_STATE_FAILED);
  }

  @Test
  void aLostSessionRepeatsWhatWasOnItsWay() {
    reports.changed("t1", status(TaskState.TASK_STATE_RUNNING));
    next(NOW);

    reports.disconnected();

    assertThat(tasks(next(NOW))).containsExactly("t1");
  }

  @Test
  void aReportHoldsNoMoreThanItsLimit() {
    for (var i = 0; i <= StatusReports.UPDATES_MAX; i++) {
      reports.changed("t" + i, status(TaskState.TASK_STATE_RUNNING));
    }

    var first = next(NOW);
    assertThat(first.getUpdatesCount()).isEqualTo(StatusReports.UPDATES_MAX);
    reports.acknowledged(first.getSequence());

    assertThat(next(NOW).getUpdatesCount()).isEqualTo(1);
  }

  @Test
  void aStepWaitsForTheNextOneButNotForLong() {
    reports.stepped("t1", status(TaskState.TASK_STATE_PREPARING), NOW);
    assertThat(reports.next(NOW)).isNull();
    reports.stepped("t1", status(TaskState.TASK_STATE_STARTING), NOW.plusMillis(50));

    var due = NOW.plus(StatusReports.STEP_DELAY);
    assertThat(reports.dueAt()).isEqualTo(due);
    assertThat(reports.next(due.minusNanos(1))).isNull();
    assertThat(next(due).getUpdates(0).getStatus().getState())
        .isEqualTo(TaskState.TASK_STATE_STARTING);
  }

  @Test
  void aStepThatWaitsDoesNotGoAlongWithWhatDoesNot() {
    reports.stepped("t1", status(TaskState.TASK_STATE_PREPARING), NOW);
    reports.stepped("t2", status(TaskState.TASK_STATE_PREPARING), NOW);
    reports.changed("t2", status(TaskState.TASK_STATE_RUNNING));

    var report = next(NOW);

    assertThat(tasks(report)).containsExactly("t2");
    reports.acknowledged(report.getSequence());
    assertThat(tasks(next(NOW.plus(StatusReports.STEP_DELAY)))).containsExactly("t1");
  }

  @Test
  void aStepAfterOneOnItsWayWaitsAnew() {
    reports.stepped("t1", status(TaskState.TASK_STATE_PREPARING), NOW);
    var sent = NOW.plus(StatusReports.STEP_DELAY);
    var first = next(sent);
    reports.stepped("t1", status(TaskState.TASK_STATE_STARTING), sent);

    reports.acknowledged(first.getSequence());

    assertThat(reports.next(sent)).isNull();
    assertThat(reports.dueAt()).isEqualTo(sent.plus(StatusReports.STEP_DELAY));
  }

  @Test
  void aReportIsRepeatedWithTheStepThatHasReplacedItsOwn() {
    reports.stepped("t1", status(TaskState.TASK_STATE_PREPARING), NOW);
    var sent = NOW.plus(StatusReports.STEP_DELAY);
    var first = next(sent);
    var due = sent.plus(StatusReports.REPEAT_AFTER);
    reports.stepped("t1", status(TaskState.TASK_STATE_STARTING), due.minusNanos(1));

    var second = next(due);

    assertThat(tasks(second)).containsExactly("t1");
    reports.acknowledged(first.getSequence());
    assertThat(reports.isEmpty()).isFalse();
    reports.acknowledged(second.getSequence());
    assertThat(reports.isEmpty()).isTrue();
  }

  @Test
  void aStepThatWasOnItsWayWhenTheSessionEndedGoesAtOnce() {
    reports.stepped("t1", status(TaskState.TASK_STATE_PREPARING), NOW);
    next(NOW.plus(StatusReports.STEP_DELAY));
    reports.disconnected();

    reports.stepped("t1", status(TaskState.TASK_STATE_STARTING), NOW.plusSeconds(1));

    assertThat(tasks(next(NOW.plusSeconds(1)))).containsExactly("t1");
  }

  @Test
  void aForgottenTaskIsNotReported() {
    reports.changed("t1", status(TaskState.TASK_STATE_RUNNING));
    reports.stepped("t2", status(TaskState.TASK_STATE_PREPARING), NOW);

    reports.forget("t1");
    reports.forget("t2");

    assertThat(reports.next(NOW)).isNull();
    assertThat(reports.dueAt()).isNull();
  }
}
