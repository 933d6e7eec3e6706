package dev.skein.chaos.experiment;

import com.google.gson.JsonElement;
import dev.skein.chaos.lab.Cluster;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.Query;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What experiments have made in a cluster: services, all of which carry a label.
public final class Made {

  private Made() {}

  /// Those whose names begin so, as the API tells them.
  public static List<JsonElement> services(Cluster cluster, String prefix) throws IOException {
    var query = Query.of("/services").filters(Map.of("label", List.of(Cluster.LABEL))).toString();
    var found = new ArrayList<JsonElement>();
    for (var service : cluster.list(query)) {
      if (Json.text(service, "Spec.Name").startsWith(prefix)) {
        found.add(service);
      }
    }
    return found;
  }

  /// Removes services; it doesn't matter if one is gone.
  public static void remove(Cluster cluster, List<JsonElement> services) throws IOException {
    for (var service : services) {
      var target = Query.of("/services", Json.text(service, "ID")).toString();
      cluster.ask(
          client -> {
            try {
              client.delete(target);
            } catch (ApiException e) {
              if (e.status() != 404) {
                throw e;
              }
            }
            return target;
          });
    }
  }
}
