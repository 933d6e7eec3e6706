package dev.skein.chaos.experiment;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.skein.chaos.history.History;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.workload.Workload;
import dev.skein.chaos.workload.WorkloadSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/// What a cluster has to do while an experiment runs: clients whose operations are recorded,
/// and services with tasks.
@SuppressWarnings("try") // Whoever closes it may be interrupted while waiting.
final class Load implements AutoCloseable {

  private static final int ANSWER_SECONDS = 3;

  private final WorkloadSettings settings;
  private final History history;
  private final Workload workload;

  private Load(WorkloadSettings settings, History history, Workload workload) {
    this.settings = settings;
    this.history = history;
    this.workload = workload;
  }

  /// Creates the services and starts the clients. Removes first what a run left that was cut
  /// off.
  static Load start(Cluster cluster, Experiment experiment, History history, LongSupplier nanoTime)
      throws IOException {
    removeAll(cluster);
    var plan = experiment.workload();
    for (var i = 1; i <= plan.services(); i++) {
      var spec = spec(services(cluster) + i, plan.replicas());
      cluster.ask(client -> client.post("/services/create", spec));
    }
    var settings =
        new WorkloadSettings(
            experiment.seed(),
            plan.clients(),
            plan.keys(),
            cluster.prefix() + "object-",
            ANSWER_SECONDS,
            Duration.ofSeconds(1).multipliedBy(plan.clients()).dividedBy(plan.ratePerSecond()));
    var workload = Workload.start(settings, cluster.entries(), history, nanoTime);
    return new Load(settings, history, workload);
  }

  /// The beginning of the names of the services with tasks.
  static String services(Cluster cluster) {
    return cluster.prefix() + "service-";
  }

  private static JsonObject spec(String name, int replicas) {
    return JsonParser.parseString(
            """
            {"Name": "%s",
             "Labels": {"%s": "service"},
             "TaskTemplate": {
               "Runtime": "process",
               "RestartPolicy": {"Condition": "any", "Delay": 500000000},
               "ContainerSpec": {"Image": "skein/process", "Command": ["sleep", "100000"]}},
             "Mode": {"Replicated": {"Replicas": %d}}}
            """
                .formatted(name, Cluster.LABEL, replicas))
        .getAsJsonObject();
  }

  /// Removes all services that experiments of this cluster's prefix have made.
  static void removeAll(Cluster cluster) throws IOException {
    Made.remove(cluster, Made.services(cluster, cluster.prefix()));
  }

  WorkloadSettings settings() {
    return settings;
  }

  Workload workload() {
    return workload;
  }

  /// How long the acknowledged writes since a time took, in nanoseconds, the shortest first.
  List<Long> writesSince(long nanos) {
    return history.operations().stream()
        .filter(Operation::isAcknowledgedChange)
        .filter(operation -> operation.invokedNanos() - nanos >= 0)
        .map(operation -> operation.returnedNanos() - operation.invokedNanos())
        .sorted()
        .toList();
  }

  @Override
  public void close() throws InterruptedException {
    workload.close();
  }
}
