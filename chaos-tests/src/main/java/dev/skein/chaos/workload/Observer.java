package dev.skein.chaos.workload;

import com.google.gson.JsonElement;
import dev.skein.chaos.check.Glimpse;
import dev.skein.chaos.check.Glimpse.ServiceView;
import dev.skein.chaos.check.Glimpse.TaskView;
import dev.skein.chaos.check.KeptWrites.Final;
import dev.skein.chaos.check.KeptWrites.Held;
import dev.skein.chaos.history.Copy;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/// Asks one manager for what the checkers look at. Every call opens a connection of its own; any
/// thread.
public final class Observer {
  private final Manager manager;
  private final int answerSeconds;
  private final LongSupplier nanoTime;

  /// Asks nothing yet.
  ///
  /// @param answerSeconds how long an answer may take
  /// @param nanoTime monotonic clock in nanoseconds
  public Observer(Manager manager, int answerSeconds, LongSupplier nanoTime) {
    this.manager = manager;
    this.answerSeconds = answerSeconds;
    this.nanoTime = nanoTime;
  }

  /// A workload's objects as the cluster has them, asked through this manager.
  ///
  /// @param prefix of the objects' names
  public Final objects(String prefix) throws IOException {
    Map<String, Held> objects = new HashMap<>();
    try (var client = manager.client(answerSeconds)) {
      for (var service : client.list("/services")) {
        var name = Json.text(service, "Spec.Name");
        var content = ObjectClient.content(service);
        if (name.startsWith(prefix) && content != null) {
          objects.put(name, new Held(content, Json.number(service, "Version.Index", 0)));
        }
      }
    }
    return new Final(manager.name(), objects);
  }

  /// How far this manager's own copy of the state is, and its digest; asks no other manager.
  public Copy copy() throws IOException {
    try (var client = manager.client(answerSeconds)) {
      var state = client.object("/skein/v1/state");
      return new Copy(manager.name(), Json.number(state, "Index", 0), Json.text(state, "Digest"));
    }
  }

  /// Services and tasks as they are now.
  ///
  /// @param included which services, by their names
  public Glimpse glimpse(Predicate<String> included) throws IOException {
    try (var client = manager.client(answerSeconds)) {
      var nanos = nanoTime.getAsLong();
      var services = services(client, included);
      Set<String> ids = new HashSet<>();
      services.forEach(service -> ids.add(service.id()));
      List<TaskView> tasks = new ArrayList<>();
      for (var json : client.list("/tasks")) {
        var task = task(json);
        if (ids.contains(task.service())) {
          tasks.add(task);
        }
      }
      return new Glimpse(nanos, services, tasks);
    }
  }

  private static List<ServiceView> services(EngineClient client, Predicate<String> included)
      throws IOException {
    List<ServiceView> services = new ArrayList<>();
    for (var json : client.list("/services?status=true")) {
      var name = Json.text(json, "Spec.Name");
      if (included.test(name)) {
        services.add(
            new ServiceView(
                Json.text(json, "ID"),
                name,
                Json.number(json, "ServiceStatus.DesiredTasks", 0),
                Json.text(json, "Spec.UpdateConfig.Order").equals("start-first")));
      }
    }
    return services;
  }

  private static TaskView task(JsonElement json) {
    var node = Json.text(json, "NodeID");
    Set<String> endpoints = new HashSet<>();
    for (var port : Json.array(json, "Status.PortStatus.Ports")) {
      endpoints.add(
          node + ":" + Json.text(port, "PublishedPort") + "/" + Json.text(port, "Protocol"));
    }
    for (var network : Json.array(json, "NetworksAttachments")) {
      for (var address : Json.array(network, "Addresses")) {
        endpoints.add(address.getAsString());
      }
    }
    return new TaskView(
        Json.text(json, "ID"),
        Json.text(json, "ServiceID"),
        (int) Json.number(json, "Slot", 0),
        node,
        Json.text(json, "Status.State"),
        Json.text(json, "DesiredState"),
        endpoints);
  }
}
