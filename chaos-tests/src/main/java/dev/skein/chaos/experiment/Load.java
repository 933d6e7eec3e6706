package dev.skein.chaos.experiment;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.skein.chaos.history.History;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.workload.Workload;
import dev.skein.chaos.workload.WorkloadSettings;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/// What a cluster has to do while an experiment runs: clients whose operations are recorded,
/// and services with tasks.
@SuppressWarnings("try") // Whoever closes it may be interrupted while waiting.
final class Load implements AutoCloseable {

  /// Of the names of the services with tasks.
  static final String SERVICE_PREFIX = "chaos-";

  private static final String OBJECT_PREFIX = "experiment-object-";
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
  static Load start(Lab lab, Experiment experiment, History history, LongSupplier nanoTime)
      throws IOException {
    removeAll(lab);
    var plan = experiment.workload();
    for (var i = 1; i <= plan.services(); i++) {
      var spec = spec(SERVICE_PREFIX + i, plan.replicas());
      lab.ask(client -> client.post("/services/create", spec));
    }
    var settings =
        new WorkloadSettings(
            experiment.seed(),
            plan.clients(),
            plan.keys(),
            OBJECT_PREFIX,
            ANSWER_SECONDS,
            Duration.ofSeconds(1).multipliedBy(plan.clients()).dividedBy(plan.ratePerSecond()));
    var managers = lab.managers().stream().map(Watching::manager).toList();
    var workload = Workload.start(settings, managers, history, nanoTime);
    return new Load(settings, history, workload);
  }

  private static JsonObject spec(String name, int replicas) {
    return JsonParser.parseString(
            """
            {"Name": "%s",
             "TaskTemplate": {
               "Runtime": "process",
               "RestartPolicy": {"Condition": "any", "Delay": 500000000},
               "ContainerSpec": {"Image": "skein/process", "Command": ["sleep", "100000"]}},
             "Mode": {"Replicated": {"Replicas": %d}}}
            """
                .formatted(name, replicas))
        .getAsJsonObject();
  }

  /// Removes all services of experiments.
  static void removeAll(Lab lab) throws IOException {
    var names = new ArrayList<String>();
    for (var service : lab.list("/services")) {
      var name = Json.text(service, "Spec.Name");
      if (name.startsWith(SERVICE_PREFIX) || name.startsWith(OBJECT_PREFIX)) {
        names.add(name);
      }
    }
    for (var name : names) {
      lab.ask(
          client -> {
            try {
              client.delete("/services/" + name);
            } catch (ApiException e) {
              if (e.status() != 404) {
                throw e;
              }
            }
            return name;
          });
    }
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
