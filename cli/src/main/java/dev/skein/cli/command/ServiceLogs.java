package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.LogFrames;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Human;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// `skein service logs`
final class ServiceLogs {
  private static final String DETAIL = "com.docker.swarm.";

  private ServiceLogs() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] SERVICE|TASK",
            "Show what the tasks of a service, or one task, have printed.")
        .flags(
            Flag.bool("follow", 'f', "Go on with what they print from now on"),
            Flag.string("since", (char) 0, "string", "Show lines since then, for example 42m"),
            Flag.string("tail", 'n', "string", "Lines from the end of each log").byDefault("all"),
            Flag.bool("timestamps", 't', "Print when each line was written"),
            Flag.bool("details", (char) 0, "Print the details that the log driver adds"),
            Flag.bool("raw", (char) 0, "Print lines without the task that wrote them"),
            Flag.bool("no-resolve", (char) 0, "Print ids rather than names"),
            Flag.bool("no-task-ids", (char) 0, "Leave out the ids of tasks"),
            Filters.NO_TRUNC)
        .arguments(1, 1)
        .naming(Naming.SERVICES)
        .examples(
            "skein service logs --follow --tail 20 web", "skein service logs --since 5m -t web")
        .does(ServiceLogs::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    String reference = arguments.argument(0);
    String tail = arguments.text("tail");
    if (tail != null && !tail.equals("all")) {
      try {
        Flag.readUnsigned(tail);
      } catch (IllegalArgumentException e) {
        throw new UsageException(
            "invalid argument \"" + tail + "\" for \"-n, --tail\" flag: must be a number or all");
      }
    }
    try (EngineClient client = context.client();
        EngineClient names = context.client()) {
      String path;
      boolean tty;
      try {
        JsonObject service = ServiceCommands.get(client, reference);
        path = "/services/" + Json.text(service, "ID");
        tty = Json.flag(service, "Spec.TaskTemplate.ContainerSpec.TTY");
      } catch (ApiException e) {
        if (e.status() != 404) {
          throw e;
        }
        JsonObject task = task(client, reference);
        path = "/tasks/" + Json.text(task, "ID");
        tty = Json.flag(task, "Spec.ContainerSpec.TTY");
      }
      Query query = query(context, arguments, path);
      LogFrames frames = new LogFrames(client.stream(query.toString()).body(), tty);
      Writer writer = new Writer(context, arguments, names);
      LogFrames.Frame frame = frames.next();
      while (frame != null && writer.write(frame)) {
        frame = frames.next();
      }
    }
    return ExitCode.SUCCESS;
  }

  private static JsonObject task(EngineClient client, String reference) throws IOException {
    try {
      return client.object(Query.of("/tasks", reference).toString());
    } catch (ApiException e) {
      if (e.status() == 404) {
        throw new FailureException("no such task or service: " + reference);
      }
      throw e;
    }
  }

  private static Query query(CommandContext context, Arguments arguments, String path) {
    Query query = Query.of(path).path("/logs").with("stdout", 1).with("stderr", 1);
    if (arguments.is("follow")) {
      query.with("follow", 1);
    }
    EventsCommand.time(context, arguments, "since", query);
    if (arguments.is("timestamps")) {
      query.with("timestamps", 1);
    }
    if (!arguments.is("raw")) {
      // The details say which task wrote a line.
      query.with("details", 1).with("names", 1);
    } else if (arguments.is("details")) {
      query.with("details", 1);
    }
    String tail = arguments.text("tail");
    return query.with("tail", tail == null ? "all" : tail);
  }

  /// Prints lines with the task that wrote them. The names of nodes are asked for over a connection
  /// of their own, because the log's is busy.
  private static final class Writer {
    private final CommandContext context;
    private final Arguments arguments;
    private final EngineClient client;
    private final Map<String, String> nodes = new HashMap<>();
    private int width;

    Writer(CommandContext context, Arguments arguments, EngineClient client) {
      this.context = context;
      this.arguments = arguments;
      this.client = client;
    }

    boolean write(LogFrames.Frame frame) throws IOException {
      String text = new String(frame.payload(), StandardCharsets.UTF_8);
      if (frame.stream() == LogFrames.SYSTEM_ERROR) {
        throw new FailureException("error from the daemon in the log: " + text.strip());
      }
      PrintStream out = frame.stream() == LogFrames.STDERR ? context.err() : context.out();
      out.print(arguments.is("raw") ? text : prefixed(text));
      out.flush();
      return !out.checkError();
    }

    private String prefixed(String text) throws IOException {
      String time = "";
      String rest = text;
      if (arguments.is("timestamps")) {
        int blank = rest.indexOf(' ');
        time = rest.substring(0, blank + 1);
        rest = rest.substring(blank + 1);
      }
      int blank = rest.indexOf(' ');
      String details = blank < 0 ? "" : rest.substring(0, blank);
      String line = rest.substring(blank + 1);
      Map<String, String> swarm = new HashMap<>();
      StringBuilder others = new StringBuilder();
      for (String detail : details.split(",", -1)) {
        int equals = detail.indexOf('=');
        if (equals > 0 && detail.startsWith(DETAIL)) {
          swarm.put(
              detail.substring(DETAIL.length(), equals), unescape(detail.substring(equals + 1)));
        } else if (!detail.isEmpty()) {
          others.append(others.isEmpty() ? "" : ",").append(detail);
        }
      }
      if (swarm.isEmpty()) {
        throw new FailureException("missing context in log message: " + text.strip());
      }
      String shown = arguments.is("details") && !others.isEmpty() ? others + " " : "";
      return time + label(swarm) + "    | " + shown + line;
    }

    private String label(Map<String, String> swarm) throws IOException {
      String taskId = swarm.getOrDefault("task.id", "");
      String name = swarm.getOrDefault("task.name", taskId);
      if (arguments.is("no-resolve")) {
        // What follows the service's name: the slot, or the node.
        int dot = name.lastIndexOf('.');
        name = dot < 0 ? name : swarm.getOrDefault("service.id", "") + name.substring(dot);
      }
      StringBuilder label = new StringBuilder(name);
      if (!arguments.is("no-task-ids")) {
        label.append('.').append(arguments.is("no-trunc") ? taskId : Human.shortId(taskId));
      }
      label.append('@').append(nodeName(swarm.getOrDefault("node.id", "")));
      width = Math.max(width, label.length());
      return label.repeat(' ', width - label.length()).toString();
    }

    private String nodeName(String id) throws IOException {
      if (arguments.is("no-resolve")) {
        return arguments.is("no-trunc") ? id : Human.shortId(id);
      }
      if (nodes.isEmpty()) {
        for (JsonElement node : client.list("/nodes")) {
          nodes.put(Json.text(node, "ID"), Json.text(node, "Description.Hostname"));
        }
      }
      String name = nodes.get(id);
      return name == null || name.isEmpty() ? Human.shortId(id) : name;
    }

    private static String unescape(String value) {
      return java.net.URLDecoder.decode(value, StandardCharsets.UTF_8);
    }
  }
}
