package dev.skein.chaos.fault;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.chaos.RealTime;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Member;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.LogFrames;
import dev.skein.cli.client.Query;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// A fault that the cluster itself carries to its node: a job of one task that is pinned to it and
/// runs this program there, which injects the fault, holds it and undoes it by its own clock, so
/// that a node that hears nobody is healed too.
@RealTime
public final class Errand {

  /// Names the fault that a service carries.
  public static final String FAULT = Cluster.LABEL + ".fault";

  /// Names the node that it is carried to.
  public static final String NODE = Cluster.LABEL + ".node";

  /// Tells the fault's options.
  public static final String OPTIONS = Cluster.LABEL + ".options";

  /// The exit code of a task that found nothing to act on.
  public static final int NOT_NOW_CODE = 69;

  /// The most nodes whose addresses an errand is told.
  public static final int NODES_MAX = 500;

  private static final Duration START_WITHIN = Duration.ofSeconds(30);
  private static final Duration END_WITHIN = Duration.ofMinutes(2);

  /// It was sent a little after its time: what has no more than this left ends by itself.
  private static final long EARLY_NANOS = Duration.ofSeconds(10).toNanos();

  private static final Duration GRACE = Duration.ofSeconds(60);
  private static final int WORDS_MAX = 1_000;
  private static final Set<String> OVER =
      Set.of("complete", "shutdown", "failed", "rejected", "remove", "orphaned");
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Cluster cluster;
  private final Member node;
  private final String name;
  private final long endNanos;

  private Errand(Cluster cluster, Member node, String name, Duration lasts) {
    this.cluster = cluster;
    this.node = node;
    this.name = name;
    this.endNanos = System.nanoTime() + lasts.toNanos();
  }

  /// Sends one, and returns when its task has begun.
  static Injection send(Fault fault, Site site) throws IOException {
    var cluster = site.cluster();
    var name = "%sfault-%d".formatted(cluster.prefix(), COUNT.incrementAndGet());
    cluster.ask(client -> client.post("/services/create", spec(name, fault, site)));
    var errand = new Errand(cluster, site.member(), name, site.lasts());
    try {
      errand.await("has begun", START_WITHIN, false);
      errand.requireWell();
    } catch (IOException e) {
      errand.remove();
      throw e;
    }
    return errand::end;
  }

  private static JsonObject spec(String name, Fault fault, Site site) {
    var spec = new JsonObject();
    spec.addProperty("Name", name);
    var labels = Json.make(spec, "Labels");
    labels.addProperty(Cluster.LABEL, "fault");
    labels.addProperty(FAULT, fault.name());
    labels.addProperty(NODE, site.member().name());
    labels.addProperty(OPTIONS, site.options().toString());
    var job = Json.make(spec, "Mode.ReplicatedJob");
    job.addProperty("MaxConcurrent", 1);
    job.addProperty("TotalCompletions", 1);
    var task = Json.make(spec, "TaskTemplate");
    task.addProperty("Runtime", "process");
    Json.make(task, "RestartPolicy").addProperty("Condition", "none");
    var container = Json.make(task, "ContainerSpec");
    container.addProperty("Image", "skein/process");
    container.add("Command", strings(command(name, fault, site)));
    container.addProperty("StopGracePeriod", GRACE.toNanos());
    Json.make(task, "Placement")
        .add("Constraints", strings(List.of("node.id==" + site.member().id())));
    return spec;
  }

  /// What `skein chaos inject` needs to do the same as would be done from here.
  private static List<String> command(String name, Fault fault, Site site) {
    var words =
        new ArrayList<>(
            List.of(
                "skein",
                "chaos",
                "inject",
                "--once",
                name,
                "--for",
                site.lasts().toMillis() + "ms",
                "--deadman",
                site.deadman().toMillis() + "ms",
                "--seed",
                Long.toString(site.random().nextLong() >>> 1)));
    site.options().forEach((option, value) -> words.addAll(List.of("--set", option + "=" + value)));
    for (var other : site.others().stream().limit(NODES_MAX).toList()) {
      words.addAll(
          List.of(
              "--other",
              "%s,%s,%s"
                  .formatted(
                      other.name(), other.isManager() ? "manager" : "worker", other.address())));
    }
    words.add(fault.name());
    return words;
  }

  private static JsonArray strings(List<String> values) {
    var array = new JsonArray();
    values.forEach(array::add);
    return array;
  }

  /// Waits for its end, or makes it end when its time is not over yet.
  private void end() throws IOException {
    if (endNanos - System.nanoTime() > EARLY_NANOS) {
      cancel();
      return;
    }
    await("is undone", END_WITHIN, true);
    requireWell();
    remove();
  }

  /// Has the task told to end before its time, and waits until it has.
  private void cancel() throws IOException {
    var ids = tasks().stream().map(task -> Json.text(task, "ID")).toList();
    remove();
    cluster.await(
        new Condition(
            "the fault carried by %s to %s is undone".formatted(name, node.name()),
            at -> {
              for (var id : ids) {
                var state = state(at, id);
                if (!OVER.contains(state)) {
                  return Optional.of("its task is " + state);
                }
              }
              return Optional.empty();
            }),
        END_WITHIN);
  }

  private static String state(Cluster cluster, String id) throws IOException {
    try {
      return Json.text(cluster.object(Query.of("/tasks", id).toString()), "Status.State");
    } catch (ApiException e) {
      if (e.status() == 404) {
        return "remove";
      }
      throw e;
    }
  }

  private List<JsonElement> tasks() throws IOException {
    var tasks = new ArrayList<JsonElement>();
    var query = Query.of("/tasks").filters(Map.of("service", List.of(name))).toString();
    try {
      cluster.list(query).forEach(tasks::add);
    } catch (ApiException e) {
      if (e.status() != 404) {
        throw e;
      }
    }
    return tasks;
  }

  private void await(String what, Duration within, boolean over) throws IOException {
    cluster.await(
        new Condition(
            "the fault carried by %s to %s %s".formatted(name, node.name(), what),
            at -> {
              var tasks = tasks();
              if (tasks.isEmpty() && !over) {
                return Optional.of("there is no task");
              }
              for (var task : tasks) {
                var state = Json.text(task, "Status.State");
                if (!OVER.contains(state) && (over || !state.equals("running"))) {
                  var why = Json.text(task, "Status.Err");
                  return Optional.of("its task is %s %s".formatted(state, why).strip());
                }
              }
              return Optional.empty();
            }),
        within);
  }

  /// What a task that could not do it says.
  private void requireWell() throws IOException {
    for (var task : tasks()) {
      var state = Json.text(task, "Status.State");
      if (state.equals("failed") || state.equals("rejected")) {
        var code = Json.number(task, "Status.ContainerStatus.ExitCode", 0);
        var words = lastWords().or(() -> Optional.of(Json.text(task, "Status.Err")));
        if (code == NOT_NOW_CODE) {
          throw new NotNowException(words.get());
        }
        throw new IOException("%s: %s".formatted(node.name(), words.get()));
      }
    }
  }

  private Optional<String> lastWords() {
    var text = new StringBuilder();
    try {
      cluster.ask(
          client -> {
            var query = Query.of("/services", name).path("/logs").with("stderr", "true");
            try (var body = client.stream(query.with("tail", "3").toString()).body()) {
              var frames = new LogFrames(body, false);
              for (var frame = frames.next();
                  frame != null && text.length() < WORDS_MAX;
                  frame = frames.next()) {
                text.append(new String(frame.payload(), StandardCharsets.UTF_8));
              }
            }
            return text;
          });
    } catch (IOException e) {
      // The node's daemon may be away: its task's state has to do.
    }
    return text.isEmpty() ? Optional.empty() : Optional.of(text.toString().strip());
  }

  private void remove() throws IOException {
    try {
      cluster.ask(
          client -> {
            client.delete(Query.of("/services", name).toString());
            return name;
          });
    } catch (ApiException e) {
      if (e.status() != 404) {
        throw e;
      }
    }
  }
}
