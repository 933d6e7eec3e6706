package dev.skein.cli.progress;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.format.Json;
import dev.skein.cli.progress.Convergence.Look;
import dev.skein.cli.progress.Convergence.Outcome;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Follows a service until it has converged, by looking again and again.
public final class ServiceProgress {
  // The first looks come quickly: a process service on a small cluster is ready in less time than
  // Docker's client waits between two.
  private static final long[] WAITS_MS = {20, 20, 30, 30, 50, 50, 100, 100};
  private static final long WAIT_MS = 200;
  private static final long MS_NANOS = 1_000_000;
  private static final long SECOND_NANOS = 1_000_000_000;

  private ServiceProgress() {}

  /// Follows a service until it is as wanted and has stayed so, or its update has failed, or `^C`.
  ///
  /// @param quiet whether nothing shall be shown but a failure
  /// @return the exit code
  public static int follow(
      CommandContext context, EngineClient client, String serviceId, boolean quiet)
      throws IOException {
    return follow(context, client, serviceId, quiet, false);
  }

  /// As the other one.
  ///
  /// @param rollbackAsked whether a rollback is what the user wants
  public static int follow(
      CommandContext context,
      EngineClient client,
      String serviceId,
      boolean quiet,
      boolean rollbackAsked)
      throws IOException {
    PrintStream out =
        quiet
            ? new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)
            : context.out();
    ProgressView view = new ProgressView(out, context.terminal() && !quiet, context.columns());
    Convergence convergence = new Convergence(rollbackAsked);
    JobProgress job = new JobProgress();
    context.interrupts().arm();
    for (int round = 0; ; round++) {
      JsonObject service = client.object(Query.of("/services", serviceId).toString());
      boolean isJob = JobProgress.isJob(service);
      JsonArray tasks = tasks(client, serviceId, !isJob);
      Set<String> down = down(client);
      Look look =
          isJob
              ? job.look(service, tasks, down, context.nanoTime())
              : convergence.look(service, tasks, down, context.nanoTime());
      Outcome outcome = look.outcome();
      view.show(look, verification(look, serviceId));
      if (outcome != null) {
        String failure = outcome.failure();
        if (failure == null) {
          return ExitCode.SUCCESS;
        }
        context.out().flush();
        context.err().println(failure);
        return ExitCode.FAILURE;
      }
      long waitMs = round < WAITS_MS.length ? WAITS_MS[round] : WAIT_MS;
      long waitNanos = waitMs * MS_NANOS;
      if (look.stableInNanos() >= 0) {
        // Looking exactly when the time is over spares the rest of the usual pause.
        waitNanos = Math.min(WAIT_MS * MS_NANOS, Math.max(MS_NANOS, look.stableInNanos()));
      }
      if (context.interrupts().await(waitNanos)) {
        context.out().println("Operation continuing in background.");
        context.out().println("Use `skein service ps " + serviceId + "` to check progress.");
        return ExitCode.SUCCESS;
      }
    }
  }

  private static String verification(Look look, String serviceId) {
    Outcome outcome = look.outcome();
    if (outcome != null) {
      if (!outcome.note().isEmpty()) {
        return outcome.note();
      }
      return outcome.failure() == null ? "Service " + serviceId + " converged" : "";
    }
    if (look.stableInNanos() < 0) {
      return "";
    }
    long seconds = (look.stableInNanos() + SECOND_NANOS - 1) / SECOND_NANOS;
    return "Waiting "
        + seconds
        + (seconds == 1 ? " second" : " seconds")
        + " to verify that tasks are stable...";
  }

  /// A job's tasks are told apart by their iteration; of a service only those count that run what
  /// it is to run now.
  private static JsonArray tasks(EngineClient client, String serviceId, boolean upToDate)
      throws IOException {
    Map<String, List<String>> filters = new HashMap<>();
    filters.put("service", List.of(serviceId));
    if (upToDate) {
      filters.put("_up-to-date", List.of("true"));
    }
    return client.list(Query.of("/tasks").filters(filters).toString());
  }

  private static Set<String> down(EngineClient client) throws IOException {
    Set<String> down = new HashSet<>();
    for (JsonElement node : client.list("/nodes")) {
      if (Json.text(node, "Status.State").equals("down")) {
        down.add(Json.text(node, "ID"));
      }
    }
    return down;
  }
}
