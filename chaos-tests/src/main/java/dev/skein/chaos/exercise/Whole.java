package dev.skein.chaos.exercise;

import com.google.gson.JsonElement;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether a cluster is as an exercise needs it: all its nodes ready and active, all its managers
/// reachable. Says what is missing and what to do.
public final class Whole {

  private Whole() {}

  /// What is missing; waits a while for what comes by itself.
  ///
  /// @return a line for each thing; empty when nothing is missing
  public static List<String> missing(Lab lab, Duration within) {
    var missing = new ArrayList<String>();
    try {
      lab.await(
          new Condition(
              "all nodes are ready",
              at -> {
                missing.clear();
                missing.addAll(away(lab));
                return missing.isEmpty() ? Optional.empty() : Optional.of("not yet");
              }),
          within);
      return inactive(lab.list("/nodes").asList());
    } catch (IOException e) {
      return missing.isEmpty() ? List.of(String.valueOf(e.getMessage())) : List.copyOf(missing);
    }
  }

  private static List<String> away(Lab lab) throws IOException {
    var away = new ArrayList<String>();
    for (var node : lab.nodes()) {
      if (!node.isRunning()) {
        away.add("%1$s's daemon does not run; start it: skein dev start %1$s".formatted(node));
      }
    }
    try {
      var names = lab.nodes().stream().map(LabNode::name).toList();
      away.addAll(away(lab.list("/nodes").asList(), names, lab.managers().size()));
    } catch (IOException e) {
      away.add(
          "no manager can answer for the cluster, as when its quorum is lost: " + e.getMessage());
    }
    return away;
  }

  /// What keeps the cluster from being whole, by its own list of nodes; comes by itself in part.
  /// Pure.
  ///
  /// @param names of the nodes that there should be
  /// @param managers how many should be reachable
  static List<String> away(List<JsonElement> nodes, List<String> names, int managers) {
    var away = new ArrayList<String>();
    for (var name : names) {
      // One that has joined anew is there twice.
      var states =
          nodes.stream()
              .filter(node -> hostname(node).equals(name))
              .map(node -> Json.text(node, "Status.State"))
              .toList();
      if (!states.contains("ready")) {
        away.add(
            states.isEmpty()
                ? name + " is no node of the cluster"
                : "%s is %s".formatted(name, states.getFirst()));
      }
    }
    var reachable =
        nodes.stream()
            .filter(node -> Json.text(node, "ManagerStatus.Reachability").equals("reachable"))
            .count();
    if (reachable < managers) {
      away.add("%d managers are reachable, %d should be".formatted(reachable, managers));
    }
    return away;
  }

  /// The nodes that somebody has taken out of service. Pure.
  static List<String> inactive(List<JsonElement> nodes) {
    var inactive = new ArrayList<String>();
    for (var node : nodes) {
      var availability = Json.text(node, "Spec.Availability");
      if (Json.text(node, "Status.State").equals("ready") && !availability.equals("active")) {
        inactive.add(
            "%1$s gets no tasks (availability %2$s): skein node update --availability active %1$s"
                .formatted(hostname(node), availability));
      }
    }
    return inactive;
  }

  private static String hostname(JsonElement node) {
    return Json.text(node, "Description.Hostname");
  }

  /// How to get a cluster that is whole, whatever is missing.
  public static String anew(Lab lab) {
    var isolated = lab.nodes().stream().anyMatch(LabNode::isIsolated);
    return "What can't be repaired is made anew: skein dev down, then: skein dev up"
        + (isolated ? " --isolated" : "");
  }
}
