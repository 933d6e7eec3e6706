package dev.skein.chaos.exercise;

import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What can be wanted of a cluster, looked up in its real state. Each says what is missing.
final class Goals {

  private final Scene scene;
  private final List<String> missing = new ArrayList<>();

  private Goals(Scene scene) {
    this.scene = scene;
  }

  static Goals of(Scene scene) {
    return new Goals(scene);
  }

  List<String> missing() {
    return List.copyOf(missing);
  }

  /// So many managers are reachable, and one leads.
  Goals managers(int count) throws IOException {
    var reachable = 0;
    for (var node : scene.lab().list("/nodes")) {
      var ready = Json.text(node, "Status.State").equals("ready");
      reachable +=
          ready && Json.text(node, "ManagerStatus.Reachability").equals("reachable") ? 1 : 0;
    }
    if (reachable < count) {
      missing.add("%d managers are reachable, %d should be".formatted(reachable, count));
    }
    if (scene.lab().findLeader().isEmpty()) {
      missing.add("no manager leads");
    }
    return this;
  }

  /// The shop has at least so many replicas and all of them run.
  Goals shop(int replicas) throws IOException {
    var desired = 0L;
    // Only the list has the number; which tasks run is counted here, because the list counts
    // those that a dead node was running when it was last heard of, too.
    for (var service : scene.lab().list("/services?status=true")) {
      if (Json.text(service, "Spec.Name").equals(Scene.SHOP)) {
        desired = Json.number(service, "ServiceStatus.DesiredTasks", 0);
      }
    }
    var running = scene.shopTasks("").size();
    if (desired < replicas) {
      missing.add(
          "%s wants %d replicas, there should be %d".formatted(Scene.SHOP, desired, replicas));
    }
    if (running != desired) {
      missing.add("%d of %d replicas of %s run".formatted(running, desired, Scene.SHOP));
    }
    return this;
  }

  /// The shop's processes are what they were before the trouble.
  Goals command(List<String> words) throws IOException {
    var spec = scene.lab().object("/services/" + Scene.SHOP).getAsJsonObject("Spec");
    var now = new ArrayList<String>();
    for (var word : Json.array(spec, "TaskTemplate.ContainerSpec.Command")) {
      now.add(word.getAsString());
    }
    if (!now.equals(words)) {
      missing.add("%s runs %s, not the release that worked".formatted(Scene.SHOP, now));
    }
    return this;
  }

  /// The node that the trouble befell has no work of the shop and gets none.
  Goals drained() throws IOException {
    var node = scene.lab().object("/nodes/" + scene.victim());
    var availability = Json.text(node, "Spec.Availability");
    if (!availability.equals("drain")) {
      missing.add(
          "the node in question still gets tasks (availability %s)".formatted(availability));
    }
    var tasks = scene.shopTasks(scene.victim()).size();
    if (tasks > 0) {
      missing.add("%d replicas run on the node in question".formatted(tasks));
    }
    return this;
  }

  /// The node that the trouble befell is ready.
  Goals back() throws IOException {
    var state = Json.text(scene.lab().object("/nodes/" + scene.victim()), "Status.State");
    if (!state.equals("ready")) {
      missing.add("%s is %s".formatted(scene.victim(), state));
    }
    return this;
  }

  /// The node that the trouble befell does its part of the work.
  Goals works() throws IOException {
    if (scene.shopTasks(scene.victim()).isEmpty()) {
      missing.add("no replica of %s runs on %s".formatted(Scene.SHOP, scene.victim()));
    }
    return this;
  }

  /// The node that the trouble befell is no manager any more.
  Goals notManager() throws IOException {
    for (var node : scene.lab().list("/nodes")) {
      if (Json.text(node, "Description.Hostname").equals(scene.victim())
          && Json.text(node, "Spec.Role").equals("manager")) {
        missing.add("the node that hears nobody still is a manager");
      }
    }
    return this;
  }

  /// Another node leads.
  Goals notLeader() {
    var leader = scene.lab().findLeader();
    if (leader.isEmpty() || leader.get().name().equals(scene.victim())) {
      missing.add(leader.isEmpty() ? "no manager leads" : "the node in question still leads");
    }
    return this;
  }
}
