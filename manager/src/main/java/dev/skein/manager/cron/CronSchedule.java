package dev.skein.manager.cron;

import com.cronutils.model.Cron;
import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import dev.skein.manager.plan.Jobs;
import dev.skein.proto.v1.Schedule;
import dev.skein.proto.v1.Service;
import dev.skein.state.Times;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The due times of a cron expression in a time zone, all of whole seconds. As of cron, a day of
/// the month and one of the week that are both given hold each on its own.
///
/// Where clocks are put forward, a due time of a fixed hour that this leaves out does not come that
/// day; where they are put back, one comes at the first of its two. Safe for use by several
/// threads.
public final class CronSchedule {
  /// Characters of an expression.
  public static final int EXPRESSION_CHARACTERS = 256;

  private static final CronDefinition DEFINITION =
      CronDefinitionBuilder.defineCron()
          .withSeconds()
          .withValidRange(0, 59)
          .and()
          .withMinutes()
          .withValidRange(0, 59)
          .and()
          .withHours()
          .withValidRange(0, 23)
          .and()
          .withDayOfMonth()
          .withValidRange(1, 31)
          .and()
          .withMonth()
          .withValidRange(1, 12)
          .and()
          .withDayOfWeek()
          .withValidRange(0, 7)
          .withMondayDoWValue(1)
          .withIntMapping(7, 0)
          .and()
          .instance();

  private static final Map<String, String> NICKNAMES =
      Map.of(
          "@hourly", "0 0 * * * *",
          "@daily", "0 0 0 * * *",
          "@midnight", "0 0 0 * * *",
          "@weekly", "0 0 0 * * 0",
          "@monthly", "0 0 0 1 * *",
          "@yearly", "0 0 0 1 1 *",
          "@annually", "0 0 0 1 1 *");

  private static final List<String> FIELDS =
      List.of("second", "minute", "hour", "day of the month", "month", "day of the week");
  private static final List<String> RANGES =
      List.of("0-59", "0-59", "0-23", "1-31", "1-12 or JAN-DEC", "0-7 or SUN-SAT");
  private static final Pattern SPACES = Pattern.compile("\\s+");
  private static final Pattern NUMBERS = Pattern.compile("(\\d{1,9})-(\\d{1,9})(/.*)?");

  private static final int KNOWN_MAX = 1_000;

  // What schedules mean: to read one takes a hundred times as long as to ask it.
  private static final Map<Key, CronSchedule> KNOWN = new ConcurrentHashMap<>();

  private final ExecutionTime times;
  private final ZoneId zone;
  private volatile Gap latest = new Gap(Instant.MAX, Instant.MAX);

  private record Key(String expression, String timezone) {}

  /// A stretch of time in which nothing is due, and what is due at its end.
  private record Gap(Instant from, Instant due) {
    boolean holds(Instant time) {
      return !time.isBefore(from) && time.isBefore(due);
    }
  }

  private CronSchedule(ExecutionTime times, ZoneId zone) {
    this.times = times;
    this.zone = zone;
  }

  /// Reads a job's schedule.
  ///
  /// @throws CronException when it cannot be understood, or never comes
  public static CronSchedule of(Schedule schedule) throws CronException {
    var key = new Key(schedule.getExpression(), schedule.getTimezone());
    var known = KNOWN.get(key);
    if (known == null) {
      known = of(key.expression, key.timezone);
      if (KNOWN.size() >= KNOWN_MAX) {
        KNOWN.clear();
      }
      KNOWN.put(key, known);
    }
    return known;
  }

  /// Reads an expression of five fields, or of six with the second first, or a nickname such as
  /// `@daily`.
  ///
  /// @param timezone such as `Europe/Berlin`; empty for UTC
  /// @throws CronException when one of them cannot be understood, or it never comes
  public static CronSchedule of(String expression, String timezone) throws CronException {
    var zone = zone(timezone);
    var cron = parse(expression);
    var schedule = new CronSchedule(ExecutionTime.forCron(cron), zone);
    if (schedule.next(Instant.EPOCH) == null) {
      throw new CronException(
          "schedule \"%s\" never comes: no such month has such a day"
              .formatted(expression.strip()));
    }
    return schedule;
  }

  /// When a scheduled job runs next, by what was seen to; null when nothing begins it.
  public static @Nullable Instant nextOf(Service job) {
    if (Jobs.isSuspended(job.getSpec())) {
      return null;
    }
    try {
      return of(job.getSpec().getSchedule())
          .next(Times.instant(job.getJobStatus().getScheduledAt()));
    } catch (CronException notUnderstood) {
      // Another version of this program admitted it.
      return null;
    }
  }

  private static ZoneId zone(String timezone) throws CronException {
    if (timezone.isEmpty()) {
      return ZoneOffset.UTC;
    }
    try {
      return ZoneId.of(timezone);
    } catch (DateTimeException unknown) {
      throw new CronException(
          "unknown time zone \"%s\": use one such as Europe/Berlin or UTC".formatted(timezone));
    }
  }

  private static Cron parse(String given) throws CronException {
    var expression = given.strip();
    if (expression.isEmpty()) {
      throw new CronException("the schedule's expression is empty: use one such as */5 * * * *");
    }
    if (expression.length() > EXPRESSION_CHARACTERS) {
      throw new CronException(
          "the schedule's expression of %d characters exceeds the limit of %d"
              .formatted(expression.length(), EXPRESSION_CHARACTERS));
    }
    if (expression.startsWith("@")) {
      var meaning = NICKNAMES.get(expression);
      if (meaning == null) {
        throw new CronException(
            "unknown schedule \"%s\": use @hourly, @daily, @weekly, @monthly or @yearly"
                .formatted(expression));
      }
      expression = meaning;
    }
    var fields = SPACES.split(expression, -1);
    if (fields.length != 5 && fields.length != 6) {
      throw new CronException(
          "schedule \"%s\" has %d fields: it needs 5 (minute, hour, day of the month, month, day of"
                  .formatted(expression, fields.length)
              + " the week), or 6 with the second first");
    }
    var parser = new CronParser(DEFINITION);
    var first = FIELDS.size() - fields.length;
    for (var i = 0; i < fields.length; i++) {
      check(fields[i], first + i, expression, parser);
    }
    return parser.parse((first == 1 ? "0 " : "") + expression);
  }

  /// Checks a field on its own, so that it is known which one is wrong.
  private static void check(String text, int field, String expression, CronParser parser)
      throws CronException {
    var alone = new String[] {"*", "*", "*", "*", "*", "*"};
    alone[field] = text;
    try {
      parser.parse(String.join(" ", alone)).validate();
    } catch (IllegalArgumentException wrong) {
      throw wrong(text, field, expression, reason(wrong));
    }
    for (var part : text.split(",", -1)) {
      var range = NUMBERS.matcher(part);
      if (range.matches() && Long.parseLong(range.group(1)) > Long.parseLong(range.group(2))) {
        throw wrong(text, field, expression, "the range " + part + " ends before it begins");
      }
    }
  }

  private static String reason(IllegalArgumentException wrong) {
    var cause = wrong.getCause() == null ? wrong : wrong.getCause();
    var message = String.valueOf(cause.getMessage());
    var range = message.indexOf(" not in range");
    return range < 0 ? "it is malformed" : message.substring(0, range) + " is out of range";
  }

  private static CronException wrong(String text, int field, String expression, String reason) {
    return new CronException(
        "\"%s\", the %s of schedule \"%s\", is wrong: %s; it may be *, or %s, with lists, ranges and"
                .formatted(text, FIELDS.get(field), expression, reason, RANGES.get(field))
            + " steps such as 1,5-10,*/2");
  }

  /// The first due time after a time; null when none comes any more.
  public @Nullable Instant next(Instant after) {
    var gap = latest;
    if (gap.holds(after)) {
      return gap.due;
    }
    var next = times.nextExecution(after.atZone(zone)).map(at -> at.toInstant()).orElse(null);
    if (next != null) {
      latest = new Gap(after, next);
    }
    return next;
  }

  /// The last due time after one time and not after another; null when there is none.
  public @Nullable Instant last(Instant after, Instant until) {
    var next = next(after);
    if (next == null || next.isAfter(until)) {
      return null;
    }
    // The library's last one is before the time that it is given.
    var justAfter = until.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
    var last = times.lastExecution(justAfter.atZone(zone)).map(at -> at.toInstant()).orElse(next);
    return last.isBefore(next) ? next : last;
  }
}
