package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.format.Human;
import dev.skein.cli.format.Json;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The options for when a job runs, and how that is shown.
final class ScheduleFlags {
  private static final Flag SCHEDULE =
      Flag.string(
          "schedule",
          (char) 0,
          "cron",
          "When a job runs: five cron fields, or six with the second first, or @daily and the"
              + " like");
  private static final Flag TIMEZONE =
      Flag.string(
          "schedule-timezone",
          (char) 0,
          "zone",
          "Whose clock the schedule is by, for example Europe/Berlin; UTC by default");
  private static final Flag CONCURRENCY =
      Flag.choice(
              "concurrency",
              "What becomes of a run that is due while one goes on",
              "forbid",
              "allow",
              "replace")
          .byDefault("forbid");

  private ScheduleFlags() {}

  static List<Flag> create() {
    return List.of(SCHEDULE, TIMEZONE, CONCURRENCY);
  }

  static List<Flag> update() {
    return List.of(
        SCHEDULE,
        TIMEZONE,
        CONCURRENCY,
        Flag.bool("schedule-rm", (char) 0, "Remove the schedule; the job then runs when forced"));
  }

  /// Writes the options into a service's specification.
  static void apply(JsonObject spec, Arguments arguments) {
    if (arguments.has("schedule-rm") && arguments.is("schedule-rm")) {
      if (arguments.has("schedule")) {
        throw new UsageException("--schedule and --schedule-rm do not go together");
      }
      spec.remove("Schedule");
    }
    text(spec, "Expression", arguments, "schedule");
    text(spec, "Timezone", arguments, "schedule-timezone");
    text(spec, "Concurrency", arguments, "concurrency");
  }

  private static void text(JsonObject spec, String field, Arguments arguments, String flag) {
    if (!arguments.has(flag)) {
      return;
    }
    if (!flag.equals("schedule") && Json.at(spec, "Schedule") == null) {
      throw new UsageException(
          "--" + flag + " is of a job's schedule: give it one with --schedule");
    }
    Json.make(spec, "Schedule").addProperty(field, arguments.text(flag));
  }

  /// When a scheduled job runs next, in words; null for a service that has no schedule.
  static @Nullable String next(JsonObject service, Instant now) {
    if (Json.at(service, "Spec.Schedule") == null) {
      return null;
    }
    Instant next = Human.instant(Json.text(service, "JobStatus.NextExecution"));
    if (next == null) {
      return "suspended";
    }
    return next.isAfter(now) ? "next in " + Human.words(now, next) : "next now";
  }

  /// Tells everything about a schedule.
  static void show(JsonObject service, Sheet sheet) {
    if (Json.at(service, "Spec.Schedule") == null) {
      return;
    }
    sheet.heading("Schedule");
    sheet.inner("Expression", Json.text(service, "Spec.Schedule.Expression"));
    String zone = Json.text(service, "Spec.Schedule.Timezone");
    sheet.inner("Time Zone", zone.isEmpty() ? "UTC" : zone);
    String concurrency = Json.text(service, "Spec.Schedule.Concurrency");
    sheet.inner("Concurrency", concurrency.isEmpty() ? "forbid" : concurrency);
    String next = Json.text(service, "JobStatus.NextExecution");
    sheet.inner("Next Run", next.isEmpty() ? "none: suspended" : next);
    String last = Json.text(service, "JobStatus.LastExecution");
    sheet.inner("Last Run", last.isEmpty() ? "none yet" : last);
    String skipped = Json.text(service, "JobStatus.Skipped");
    if (!skipped.isEmpty()) {
      sheet.inner(
          "Skipped Runs", skipped + ", the last at " + Json.text(service, "JobStatus.SkippedAt"));
    }
  }
}
