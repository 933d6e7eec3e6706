package dev.skein.chaos.lab;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// Something about a cluster that becomes true by itself.
///
/// @param name what is awaited, for messages: "web is converged"
public record Condition(String name, Check check) {

  /// Between two looks.
  static final long LOOK_AGAIN_NANOS = Duration.ofMillis(50).toNanos();

  /// Looks once.
  @FunctionalInterface
  public interface Check {
    /// What is missing; empty when nothing is.
    ///
    /// @throws IOException if it could not be told, which counts as missing
    Optional<String> missing(Cluster cluster) throws IOException;
  }

  /// A leader answers.
  public static Condition led() {
    return new Condition(
        "a leader answers",
        cluster -> cluster.findLeader().isPresent() ? Optional.empty() : Optional.of("no leader"));
  }

  /// All nodes of the cluster are ready and its managers can be reached.
  public static Condition ready() {
    return new Condition("all nodes are ready", Condition::unready);
  }

  private static Optional<String> unready(Cluster cluster) throws IOException {
    var ready = 0;
    var reachable = 0;
    for (var node : cluster.list("/nodes")) {
      ready += text(node, "Status", "State").equals("ready") ? 1 : 0;
      reachable += text(node, "ManagerStatus", "Reachability").equals("reachable") ? 1 : 0;
    }
    var managers = cluster.managers().size();
    return ready >= cluster.nodes().size() && reachable >= managers
        ? Optional.empty()
        : Optional.of("%d nodes are ready, %d managers reachable".formatted(ready, reachable));
  }

  /// As many tasks of a service run as its spec says, and no other is to run.
  public static Condition converged(String service) {
    return new Condition(
        service + " is converged",
        cluster -> {
          for (var element : cluster.list("/services?status=true")) {
            var listed = element.getAsJsonObject();
            if (listed.getAsJsonObject("Spec").get("Name").getAsString().equals(service)) {
              var status = listed.getAsJsonObject("ServiceStatus");
              var running = status.get("RunningTasks").getAsInt();
              var desired = status.get("DesiredTasks").getAsInt();
              return running == desired
                  ? Optional.empty()
                  : Optional.of("%d of %d tasks run".formatted(running, desired));
            }
          }
          return Optional.of("there is no such service");
        });
  }

  private static String text(JsonElement element, String object, String field) {
    var inner = element.getAsJsonObject().get(object);
    return inner instanceof JsonObject fields && fields.has(field)
        ? fields.get(field).getAsString()
        : "";
  }
}
