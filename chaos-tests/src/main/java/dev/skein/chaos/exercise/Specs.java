package dev.skein.chaos.exercise;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;

/// The services of exercises, as the API has them.
final class Specs {

  private Specs() {}

  /// The shop as it should be.
  static JsonObject shop(int replicas) {
    return shop(replicas, List.of("skein", "whoami"), "stop");
  }

  /// A release of the shop that does not start.
  static JsonObject badShop(int replicas) {
    return shop(
        replicas,
        List.of("sh", "-c", "echo 'schema 12 expected, the database has 11' >&2; sleep 1; exit 3"),
        "continue");
  }

  private static JsonObject shop(int replicas, List<String> command, String release) {
    var spec =
        JsonParser.parseString(
                """
                {"Name": "%s",
                 "TaskTemplate": {
                   "Runtime": "process",
                   "RestartPolicy": {"Condition": "any", "Delay": 1000000000},
                   "ContainerSpec": {"Image": "skein/process"}},
                 "Mode": {"Replicated": {"Replicas": %d}},
                 "UpdateConfig": {"Parallelism": 1, "Delay": 2000000000, "Order": "stop-first",
                   "FailureAction": "%s", "Monitor": 1000000000},
                 "EndpointSpec": {"Ports": [
                   {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": %d}]}}
                """
                    .formatted(
                        Scene.SHOP,
                        replicas,
                        release.equals("continue") ? "continue" : "pause",
                        Scene.PORT))
            .getAsJsonObject();
    var words = new JsonArray();
    command.forEach(words::add);
    spec.getAsJsonObject("TaskTemplate").getAsJsonObject("ContainerSpec").add("Command", words);
    return spec;
  }

  /// The object that the probe writes: a service without tasks.
  static JsonObject object(String name, long number) {
    return JsonParser.parseString(
            """
            {"Name": "%s", "Labels": {"n": "%d"},
             "TaskTemplate": {"Runtime": "process",
               "ContainerSpec": {"Image": "skein/process", "Command": ["sleep", "1"]}},
             "Mode": {"Replicated": {"Replicas": 0}}}
            """
                .formatted(name, number))
        .getAsJsonObject();
  }
}
