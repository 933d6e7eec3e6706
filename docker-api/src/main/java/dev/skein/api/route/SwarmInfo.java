package dev.skein.api.route;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.api.ApiException;
import dev.skein.api.LocalNode;
import dev.skein.api.http.Failures;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.ObjectKind;
import io.grpc.StatusException;
import java.util.List;

/// The `Swarm` part of `GET /info`. It is answered without a quorum too, and then says what is
/// wrong.
final class SwarmInfo {
  private final ControlClient control;
  private final ClusterView clusters;
  private final LocalNode node;

  SwarmInfo(ControlClient control, LocalNode node) {
    this.control = control;
    this.clusters = new ClusterView(control);
    this.node = node;
  }

  JsonObject json() throws InterruptedException {
    var info = node.info();
    var json = ProtoJson.toJson(info);
    if (!json.has("RemoteManagers")) {
      json.add("RemoteManagers", new JsonArray());
    }
    if (info.getControlAvailable()) {
      try {
        addCluster(json);
      } catch (StatusException e) {
        json.addProperty("Error", Failures.message(e.getStatus()));
      } catch (ApiException e) {
        // It has just ceased to be a manager.
        json.addProperty("ControlAvailable", false);
      }
    }
    return json;
  }

  private void addCluster(JsonObject json) throws StatusException, InterruptedException {
    json.add("Cluster", ClusterView.json(clusters.read()));
    var nodes = control.list(ObjectKind.OBJECT_KIND_NODE, List.of(), false).getObjectsList();
    json.addProperty("Nodes", nodes.size());
    json.addProperty(
        "Managers",
        nodes.stream()
            .filter(object -> object.getNode().getSpec().getRole() == NodeRole.NODE_ROLE_MANAGER)
            .count());
  }
}
