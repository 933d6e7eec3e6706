package dev.skein.chaos.host;

import com.google.gson.JsonElement;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Member;
import dev.skein.chaos.workload.Manager;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A cluster that is known by the API of some of its managers, and may be a real one: only nodes
/// that carry a label may be hurt, and what is made there has names of its own.
///
/// Its nodes are those that were there when it was looked at. Any thread may use it.
public final class HostCluster implements Cluster {

  private static final int LOOK_SECONDS = 3;

  private final List<Manager> entries;
  private final List<? extends Member> nodes;
  private final String prefix;
  private final Path directory;
  private final String launcher;

  private HostCluster(
      List<Manager> entries,
      List<? extends Member> nodes,
      String prefix,
      Path directory,
      String launcher) {
    this.entries = entries;
    this.nodes = nodes;
    this.prefix = prefix;
    this.directory = directory;
    this.launcher = launcher;
  }

  /// The cluster that managers tell of.
  ///
  /// @param hosts one at least, by whatever names; each must answer
  /// @param label that allows faults: `KEY=VALUE`, or `KEY` for `KEY=true`
  /// @param run distinguishes what a run makes from all else, by letters and digits
  /// @param directory on this machine, for what is about experiments
  /// @param launcher the `skein` script
  public static HostCluster of(
      List<Manager> hosts, String label, String run, Path directory, String launcher)
      throws IOException {
    var ids = new ArrayList<String>();
    for (var host : hosts) {
      try (var client = host.client(ANSWER_SECONDS)) {
        ids.add(Json.text(client.object("/info"), "Swarm.NodeID"));
      }
    }
    List<JsonElement> listed = new ArrayList<>();
    try (var client = hosts.getFirst().client(ANSWER_SECONDS)) {
      client.list("/nodes").forEach(listed::add);
    }
    var nodes = new ArrayList<HostNode>();
    var twice = twice(listed);
    for (var node : listed) {
      var id = Json.text(node, "ID");
      var name = hostname(node);
      nodes.add(
          new HostNode(
              id,
              twice.contains(name) ? id : name,
              Json.text(node, "Status.Addr"),
              isManager(node),
              forbidden(node, label, Set.copyOf(ids))));
    }
    nodes.sort(Comparator.comparing(HostNode::isManager).reversed().thenComparing(HostNode::name));
    var entries = new ArrayList<Manager>();
    for (var i = 0; i < hosts.size(); i++) {
      var id = ids.get(i);
      var there = nodes.stream().filter(node -> node.id().equals(id)).findFirst();
      if (there.isEmpty() || !there.get().isManager()) {
        throw new IOException(
            "%s is no manager of the cluster of %s: name its managers"
                .formatted(hosts.get(i).endpoint(), hosts.getFirst().endpoint()));
      }
      var named = new Manager(there.get().name(), hosts.get(i).endpoint(), hosts.get(i).tls());
      if (entries.stream().noneMatch(entry -> entry.name().equals(named.name()))) {
        entries.add(named);
      }
    }
    return new HostCluster(
        List.copyOf(entries), List.copyOf(nodes), "chaos-" + run + "-", directory, launcher);
  }

  /// The cluster as a process on one of its nodes is told of it, which can't ask it.
  public static HostCluster told(List<? extends Member> nodes, Path directory) {
    return new HostCluster(List.of(), nodes, "chaos-", directory, "skein");
  }

  private static Set<String> twice(List<JsonElement> nodes) {
    var seen = new HashSet<String>();
    var twice = new HashSet<String>();
    for (var node : nodes) {
      if (!seen.add(hostname(node))) {
        twice.add(hostname(node));
      }
    }
    return twice;
  }

  private static String hostname(JsonElement node) {
    return Json.text(node, "Description.Hostname");
  }

  private static boolean isManager(JsonElement node) {
    return Json.text(node, "Spec.Role").equals("manager");
  }

  private static Optional<String> forbidden(JsonElement node, String label, Set<String> asked) {
    var name = hostname(node);
    var split = (label.contains("=") ? label : label + "=true").split("=", 2);
    var labels = Json.object(node, "Spec.Labels");
    if (!labels.has(split[0]) || !labels.get(split[0]).getAsString().equals(split[1])) {
      return Optional.of(
          "%s does not carry the label %s=%s; to allow faults there: skein node update --label-add %2$s=%3$s %1$s"
              .formatted(name, split[0], split[1]));
    }
    if (!Json.text(node, "Status.State").equals("ready")) {
      return Optional.of(name + " is not ready");
    }
    return asked.equals(Set.of(Json.text(node, "ID")))
        ? Optional.of(
            name
                + " is the only manager that is asked, and nothing could be seen while it is hurt;"
                + " name another one too: --via HOST")
        : Optional.empty();
  }

  @Override
  public List<? extends Member> nodes() {
    return nodes;
  }

  @Override
  public List<Manager> entries() {
    return entries;
  }

  @Override
  public Optional<? extends Member> findLeader() {
    for (var entry : entries) {
      try (var client = entry.client(LOOK_SECONDS)) {
        for (var node : client.list("/nodes")) {
          if (Json.flag(node, "ManagerStatus.Leader")) {
            var id = Json.text(node, "ID");
            return nodes.stream().filter(each -> each.id().equals(id)).findFirst();
          }
        }
      } catch (IOException e) {
        // The next one.
      }
    }
    return Optional.empty();
  }

  @Override
  public String prefix() {
    return prefix;
  }

  @Override
  public Path directory() {
    return directory;
  }

  @Override
  public List<String> command(Member except, String... words) {
    var entry =
        entries.stream()
            .filter(each -> !each.name().equals(except.name()))
            .findFirst()
            .orElse(entries.getFirst());
    var command = new ArrayList<>(List.of(launcher, "--host", entry.endpoint().toString()));
    var tls = entry.tls();
    if (tls != null) {
      command.addAll(
          List.of(
              "--tlscacert",
              tls.ca().toAbsolutePath().toString(),
              "--tlscert",
              tls.cert().toAbsolutePath().toString(),
              "--tlskey",
              tls.key().toAbsolutePath().toString()));
    }
    command.addAll(List.of(words));
    return command;
  }

  @Override
  public void note(String what) {
    // The run's own timeline says it.
  }
}
