package dev.skein.manager.cron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.Schedule;
import dev.skein.proto.v1.ScheduleConcurrency;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CronScheduleTest {
  private static List<String> first(int count, String expression, String zone, String after)
      throws CronException {
    var schedule = CronSchedule.of(expression, zone);
    var times = new ArrayList<String>();
    var time = Instant.parse(after);
    while (times.size() < count) {
      var next = schedule.next(time);
      if (next == null) {
        break;
      }
      times.add(next.toString());
      time = next;
    }
    return times;
  }

  @Test
  void fiveFieldsAreMinutesAndSixBeginWithTheSecond() throws CronException {
    assertThat(first(3, "*/20 * * * *", "", "2026-01-01T00:00:00Z"))
        .containsExactly("2026-01-01T00:20:00Z", "2026-01-01T00:40:00Z", "2026-01-01T01:00:00Z");
    assertThat(first(2, " */2  * * * * * ", "UTC", "2026-01-01T00:00:00.5Z"))
        .containsExactly("2026-01-01T00:00:02Z", "2026-01-01T00:00:04Z");
    assertThat(first(2, "0 9-17/8 * JAN MON,WED", "", "2026-01-01T00:00:00Z"))
        .containsExactly("2026-01-05T09:00:00Z", "2026-01-05T17:00:00Z");
    assertThat(first(1, "0 0 * * 7", "", "2026-01-01T00:00:00Z"))
        .isEqualTo(first(1, "@weekly", "", "2026-01-01T00:00:00Z"))
        .containsExactly("2026-01-04T00:00:00Z");
  }

  @Test
  void aDayOfTheMonthAndOneOfTheWeekHoldEachOnItsOwn() throws CronException {
    assertThat(first(3, "0 12 2 * 1", "", "2026-01-01T00:00:00Z"))
        .containsExactly("2026-01-02T12:00:00Z", "2026-01-05T12:00:00Z", "2026-01-12T12:00:00Z");
  }

  @Test
  void aTimeThatClocksLeaveOutDoesNotComeAndOneThatTheyRepeatComesOnce() throws CronException {
    assertThat(first(2, "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z"))
        .containsExactly("2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z");
    assertThat(first(2, "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z"))
        .containsExactly("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
    assertThat(first(4, "*/30 * * * *", "Europe/Berlin", "2026-10-25T00:10:00Z"))
        .containsExactly(
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:00:00Z");
  }

  @Test
  void theLastDueTimeIsAfterOneTimeAndNotAfterTheOther() throws CronException {
    var schedule = CronSchedule.of("*/5 * * * *", "");
    var base = Instant.parse("2026-01-01T00:00:00Z");
    assertThat(schedule.last(base, base.plusSeconds(299))).isNull();
    assertThat(schedule.last(base, base.plusSeconds(300))).isEqualTo(base.plusSeconds(300));
    assertThat(schedule.last(base, base.plusSeconds(300).plusNanos(1)))
        .isEqualTo(base.plusSeconds(300));
    assertThat(schedule.last(base, base.plusSeconds(86_700))).isEqualTo(base.plusSeconds(86_700));
    assertThat(schedule.last(base.plusSeconds(900), base)).isNull();
  }

  @Test
  void whatItWasAskedBeforeChangesNoAnswer() throws CronException {
    for (var expression : List.of("30 2 * * *", "*/20 1-3 * * *", "0 0 1 1 *", "15,45 * * * * *")) {
      var asked = CronSchedule.of(expression, "Europe/Berlin");
      for (var start : List.of("2026-03-28T23:00:00Z", "2026-10-24T23:00:00Z")) {
        // Forward, and back again.
        for (var step = -20; step <= 20; step++) {
          var time = Instant.parse(start).plusSeconds(Math.abs(step) * 751L);
          assertThat(asked.next(time))
              .as(expression + " after " + time)
              .isEqualTo(CronSchedule.of(expression, "Europe/Berlin").next(time));
        }
      }
    }
  }

  @Test
  void aScheduleIsReadOnce() throws CronException {
    var schedule = Schedule.newBuilder().setExpression("7 * * * *").setTimezone("Europe/Berlin");
    assertThat(CronSchedule.of(schedule.build()))
        .isSameAs(
            CronSchedule.of(
                schedule.setConcurrency(ScheduleConcurrency.SCHEDULE_CONCURRENCY_REPLACE).build()))
        .isNotSameAs(CronSchedule.of(schedule.clearTimezone().build()));
  }

  @Test
  void whatIsWrongIsPointedAt() {
    assertWrong(
        "61 * * * *", "\"61\", the minute of schedule \"61 * * * *\"", "Value 61 is out of");
    assertWrong("0 x * * *", "\"x\", the hour of", "malformed");
    assertWrong("0 0 8-6 * *", "\"8-6\", the day of the month", "ends before it begins");
    assertWrong("0 0 * 13 *", "\"13\", the month", "1-12");
    assertWrong("0 0 * * 1,,2", "\"1,,2\", the day of the week");
    assertWrong("70 0 0 * * *", "\"70\", the second");
    assertWrong("*/0 * * * *", "the minute", "Period 0");
    assertWrong("* * *", "has 3 fields", "needs 5");
    assertWrong("  ", "is empty");
    assertWrong("@reboot", "unknown schedule \"@reboot\"", "@daily");
    assertWrong("0 0 30 2 *", "never comes");
    assertWrong("0 0 31 4,6 *", "never comes");
    assertWrong("1,".repeat(200) + "1 * * * *", "exceeds the limit of 256");
    assertThatThrownBy(() -> CronSchedule.of("* * * * *", "Europe/Bern"))
        .hasMessage("unknown time zone \"Europe/Bern\": use one such as Europe/Berlin or UTC");
  }

  private static void assertWrong(String expression, String... parts) {
    assertThatThrownBy(() -> CronSchedule.of(expression, ""))
        .isInstanceOf(CronException.class)
        .message()
        .contains(parts);
  }
}
