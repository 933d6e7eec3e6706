package dev.skein.chaos.exercise;

import com.google.gson.JsonObject;
import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.Injection;
import dev.skein.chaos.fault.Site;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.Query;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// The cluster as an exercise sees it: the service that customers use, the node that trouble
/// befalls, the faults that are in force. Owned by one thread, but for [#end].
public final class Scene {

  /// The service that customers use.
  public static final String SHOP = "shop";

  /// Where it is published.
  public static final int PORT = 8090;

  private static final Duration FAULT_MAX = Duration.ofMinutes(60);
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Lab lab;
  private final SplittableRandom random;
  private final LongSupplier acknowledged;
  private final List<Injection> injections = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private String victim;

  /// @param victim the node that the trouble befalls; empty if that is not known yet
  /// @param acknowledged how many writes were acknowledged so far
  public Scene(Lab lab, long seed, String victim, LongSupplier acknowledged) {
    this.lab = lab;
    this.random = new SplittableRandom(seed);
    this.victim = victim;
    this.acknowledged = acknowledged;
  }

  /// The cluster.
  public Lab lab() {
    return lab;
  }

  /// The node that the trouble befalls; empty if that is not known yet.
  public String victim() {
    return victim;
  }

  LabNode node() {
    return lab.node(victim);
  }

  void befalls(LabNode node) {
    victim = node.name();
  }

  <T> T any(List<T> choices) throws IOException {
    if (choices.isEmpty()) {
      throw new IOException("there is no such node in this cluster");
    }
    return choices.get(random.nextInt(choices.size()));
  }

  int number(int from, int below) {
    return random.nextInt(from, below);
  }

  /// Creates the service that customers use and waits until it runs.
  void openShop(int replicas) throws IOException {
    remove(SHOP);
    lab.ask(client -> client.post("/services/create", Specs.shop(replicas)));
    lab.await(Condition.converged(SHOP), PATIENCE);
  }

  /// Removes a service, if it is there.
  void remove(String service) throws IOException {
    lab.ask(
        client -> {
          try {
            client.delete("/services/" + service);
          } catch (ApiException e) {
            if (e.status() != 404) {
              throw e;
            }
          }
          return service;
        });
  }

  /// Changes the service that customers use.
  void updateShop(JsonObject spec) throws IOException {
    lab.ask(
        client -> {
          var now = client.object("/services/" + SHOP);
          var version = Json.number(now, "Version.Index", 0);
          return client.post("/services/%s/update?version=%d".formatted(SHOP, version), spec);
        });
  }

  /// Injects a fault that lasts until the exercise is over.
  void inject(String fault, LabNode node, Map<String, String> options) throws IOException {
    injections.add(injectOnce(fault, node, options));
  }

  /// Injects a fault that the caller ends.
  Injection injectOnce(String fault, LabNode node, Map<String, String> options) throws IOException {
    var kind = Catalogue.find(fault).orElseThrow();
    var all = Catalogue.options(kind, options);
    return kind.inject(new Site(lab, node, all, FAULT_MAX, random));
  }

  /// Waits until a write more is acknowledged.
  void awaitWrite() throws IOException {
    var before = acknowledged.getAsLong();
    lab.await(
        new Condition(
            "a write is acknowledged",
            at -> acknowledged.getAsLong() > before ? Optional.empty() : Optional.of("none yet")),
        PATIENCE);
  }

  /// Waits.
  ///
  /// @return whether the exercise is over
  boolean sleep(Duration duration) throws InterruptedException {
    return over.await(duration.toMillis(), TimeUnit.MILLISECONDS);
  }

  boolean isOver() {
    return over.getCount() == 0;
  }

  /// The exercise is over: what is in force is undone. Any thread, once the plot's has ended
  /// or sees that it is over.
  void end() {
    over.countDown();
  }

  void undo() {
    for (var injection : injections.reversed()) {
      try {
        injection.end();
      } catch (IOException e) {
        lab.note("a fault could not be undone: " + e.getMessage());
      }
    }
    injections.clear();
  }

  /// The shop's tasks that run and shall, by the cluster's state.
  ///
  /// @param node only those on this node; empty for all
  List<String> shopTasks(String node) throws IOException {
    var filters = new HashMap<String, List<String>>();
    filters.put("service", List.of(SHOP));
    filters.put("desired-state", List.of("running"));
    if (!node.isEmpty()) {
      filters.put("node", List.of(node));
    }
    var ids = new ArrayList<String>();
    for (var task : lab.list(Query.of("/tasks").filters(filters).toString())) {
      if (Json.text(task, "Status.State").equals("running")) {
        ids.add(Json.text(task, "ID"));
      }
    }
    return ids;
  }
}
