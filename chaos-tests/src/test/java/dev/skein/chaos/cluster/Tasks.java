package dev.skein.chaos.cluster;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What the cluster says of a service's tasks, and what really runs.
///
/// @param id of the task
/// @param slot 0 for a global service's
/// @param node id of its node; "" for a task that is not placed
/// @param state as Docker names it, in lower case
/// @param pid of the task's process; 0 if it has none
public record Tasks(
    String id, int slot, String node, String state, String desired, String error, long pid) {

  private static final Duration CONVERGENCE = Duration.ofMinutes(2);

  /// All tasks of a service, by any manager.
  public static List<Tasks> of(TestNode manager, String service) throws IOException {
    var filter = URLEncoder.encode("{\"service\":[\"" + service + "\"]}", StandardCharsets.UTF_8);
    JsonArray list;
    try (var client = manager.client()) {
      list = client.list("/tasks?filters=" + filter);
    }
    var tasks = new ArrayList<Tasks>();
    for (var json : list) {
      tasks.add(parse(json));
    }
    return tasks;
  }

  private static Tasks parse(JsonElement json) {
    var task = json.getAsJsonObject();
    var status = task.getAsJsonObject("Status");
    var container = status.getAsJsonObject("ContainerStatus");
    return new Tasks(
        task.get("ID").getAsString(),
        task.has("Slot") ? task.get("Slot").getAsInt() : 0,
        task.has("NodeID") ? task.get("NodeID").getAsString() : "",
        status.get("State").getAsString(),
        task.get("DesiredState").getAsString(),
        status.has("Err") ? status.get("Err").getAsString() : "",
        container != null && container.has("PID") ? container.get("PID").getAsLong() : 0);
  }

  /// Those that run and shall.
  public static List<Tasks> running(TestNode manager, String service) throws IOException {
    return of(manager, service).stream()
        .filter(task -> task.state.equals("running") && task.desired.equals("running"))
        .toList();
  }

  /// Waits until `count` tasks run and no other task of the service shall.
  public static List<Tasks> awaitRunning(TestNode manager, String service, int count)
      throws Exception {
    return Await.value(
        count + " tasks of " + service + " run",
        CONVERGENCE,
        () -> {
          var all = of(manager, service);
          var wanted = all.stream().filter(task -> !task.desired.equals("shutdown")).toList();
          if (wanted.size() != count
              || !wanted.stream().allMatch(task -> task.state.equals("running"))) {
            throw new AssertionError(all.toString());
          }
          return java.util.Optional.of(wanted);
        });
  }

  /// The ids of a list of tasks.
  public static Set<String> ids(List<Tasks> tasks) {
    return tasks.stream().map(Tasks::id).collect(Collectors.toCollection(TreeSet::new));
  }

  /// The ids of the tasks of which a process lives, on any node of this cluster: found by the mark
  /// that every task's environment has, and by where the cluster's tasks work, so that another
  /// cluster on this machine does not matter.
  public static List<String> alive(TestCluster cluster, String service) throws IOException {
    var found = new ArrayList<String>();
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (var process : processes) {
        if (!worksBelow(cluster.directory(), process)) {
          continue;
        }
        var environment = environment(process);
        if (environment.contains("SKEIN_SERVICE_NAME=" + service)) {
          environment.stream()
              .filter(variable -> variable.startsWith("SKEIN_TASK_ID="))
              .map(variable -> variable.substring(variable.indexOf('=') + 1))
              .forEach(found::add);
        }
      }
    }
    return found;
  }

  /// Also of a directory that was deleted under the process.
  private static boolean worksBelow(Path directory, Path process) {
    try {
      return Files.readSymbolicLink(process.resolve("cwd")).startsWith(directory);
    } catch (IOException e) {
      // It has ended.
      return false;
    }
  }

  private static List<String> environment(Path process) {
    try {
      return List.of(Files.readString(process.resolve("environ")).split("\0"));
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      // It has ended, or its memory is gone already.
      return Objects.requireNonNull(List.<String>of());
    }
  }
}
