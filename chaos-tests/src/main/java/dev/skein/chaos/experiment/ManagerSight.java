package dev.skein.chaos.experiment;

import com.google.gson.JsonElement;
import dev.skein.chaos.experiment.Quorum.Voter;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.workload.Manager;
import dev.skein.chaos.workload.Observer;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// Looks at a cluster's managers through their API alone: what the cluster tells of all of them,
/// and how far those are that can be asked. Any thread.
final class ManagerSight implements Quorum.Sight {

  private static final int ANSWER_SECONDS = 3;

  private final Cluster cluster;

  ManagerSight(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public List<Voter> voters(Set<String> silent) throws IOException {
    var asked = cluster.entries().stream().filter(entry -> !silent.contains(entry.name())).toList();
    var voters = new ArrayList<Voter>();
    for (var node : nodes(asked)) {
      if (Json.text(node, "Spec.Role").equals("manager")) {
        var name = name(node);
        var entry = asked.stream().filter(each -> each.name().equals(name)).findFirst();
        voters.add(
            new Voter(
                name,
                Json.text(node, "ManagerStatus.Reachability"),
                entry.isPresent(),
                entry.map(ManagerSight::index).orElse(OptionalLong.empty())));
      }
    }
    return voters;
  }

  /// From the first that answers.
  private static List<JsonElement> nodes(List<Manager> managers) throws IOException {
    var last = new IOException("no manager can be asked");
    for (var manager : managers) {
      try (var client = manager.client(ANSWER_SECONDS)) {
        return client.list("/nodes").asList();
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  private String name(JsonElement node) {
    var id = Json.text(node, "ID");
    return cluster.nodes().stream()
        .filter(member -> member.id().equals(id))
        .findFirst()
        .map(member -> member.name())
        .orElseGet(() -> Json.text(node, "Description.Hostname"));
  }

  private static OptionalLong index(Manager manager) {
    try {
      // Its own copy: no clock is needed for that.
      return OptionalLong.of(new Observer(manager, ANSWER_SECONDS, () -> 0).copy().index());
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
