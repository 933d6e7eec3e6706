package dev.skein.chaos.fault;

import com.google.gson.JsonObject;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Member;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Managers that come and go, and lead or not.
final class MemberFaults {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private MemberFaults() {}

  static List<Fault> all() {
    return List.of(
        new Fault(
            "demote",
            "A manager is demoted, and promoted again",
            "The manager leaves the Raft group and its state is removed; at the end it joins again"
                + " and gets all of it.",
            List.of(),
            true,
            List.of(),
            MemberFaults::demote),
        new Fault(
            "lead",
            "Leadership is handed to this manager",
            "The leader hands over to the node. Writes that were under way are acknowledged or"
                + " refused, none is lost; the gap is far shorter than when a leader dies.",
            List.of(),
            false,
            List.of(),
            MemberFaults::lead));
  }

  private static Injection demote(Site site) throws IOException {
    var deadman =
        site.arm(
            List.of(
                site.cluster().command(site.member(), "node", "promote", site.member().name())));
    setRole(site.cluster(), site.member(), "worker");
    return () -> {
      setRole(site.cluster(), site.member(), "manager");
      deadman.disarm();
    };
  }

  /// Sets a node's role, and waits until its daemon has followed.
  private static void setRole(Cluster cluster, Member node, String role) throws IOException {
    cluster.await(
        new Condition(
            node.name() + " is made a " + role,
            at -> {
              at.ask(
                  client -> {
                    var now = client.object("/nodes/" + node.name());
                    var spec = now.getAsJsonObject("Spec");
                    spec.addProperty("Role", role);
                    var version = now.getAsJsonObject("Version").get("Index").getAsLong();
                    return client.post(
                        "/nodes/%s/update?version=%d".formatted(id(now), version), spec);
                  });
              return Optional.empty();
            }),
        PATIENCE);
    cluster.await(
        new Condition(
            node.name() + " is a " + role,
            at -> {
              var manager = at.object("/nodes/" + node.name()).has("ManagerStatus");
              return manager == role.equals("manager")
                  ? Optional.empty()
                  : Optional.of("it is not yet");
            }),
        PATIENCE);
  }

  private static String id(JsonObject node) {
    return node.get("ID").getAsString();
  }

  private static Injection lead(Site site) throws IOException {
    var path = "/skein/v1/nodes/" + site.member().name() + "/lead";
    // It is refused while the cluster is still electing, or the node is far behind.
    site.cluster()
        .await(
            new Condition(
                site.member().name() + " is made the leader",
                at -> {
                  at.ask(client -> client.post(path, null));
                  return Optional.empty();
                }),
            PATIENCE);
    return () -> {};
  }
}
