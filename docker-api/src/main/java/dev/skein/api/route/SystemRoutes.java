package dev.skein.api.route;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.api.ApiConfig;
import dev.skein.api.LocalNode;
import dev.skein.api.http.ApiVersion;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.proto.v1.Capability;
import dev.skein.proto.v1.LocalNodeInfo;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `/_ping`, `/version` and `/info`: the daemon and its machine, in a swarm or not.
final class SystemRoutes {
  private final ApiConfig config;
  private final LocalNode node;
  private final SwarmInfo swarmInfo;
  private final Host host;
  private final InstantSource clock;

  SystemRoutes(
      ApiConfig config, ControlClient control, LocalNode node, Host host, InstantSource clock) {
    this.config = config;
    this.node = node;
    this.swarmInfo = new SwarmInfo(control, node);
    this.host = host;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.of("GET", "/_ping", this::ping),
        Route.of("GET", "/version", this::version),
        Route.of("GET", "/info", this::info));
  }

  private Response ping(Request request) {
    var headers = new LinkedHashMap<String, String>();
    headers.put("Cache-Control", "no-cache, no-store, must-revalidate");
    headers.put("Pragma", "no-cache");
    headers.put("Swarm", swarmHeader(node.info()));
    return new Response.Text(200, "OK", headers);
  }

  private static String swarmHeader(LocalNodeInfo info) {
    return switch (info.getLocalNodeState()) {
      case LOCAL_NODE_STATE_ACTIVE ->
          info.getControlAvailable() ? "active/manager" : "active/worker";
      case LOCAL_NODE_STATE_PENDING -> "pending";
      case LOCAL_NODE_STATE_ERROR -> "error";
      case LOCAL_NODE_STATE_LOCKED -> "locked";
      case LOCAL_NODE_STATE_INACTIVE, UNRECOGNIZED -> "inactive";
    };
  }

  private Response version(Request request) {
    var versions = new LinkedHashMap<String, String>();
    versions.put("ApiVersion", ApiVersion.MAX.toString());
    versions.put("MinAPIVersion", ApiVersion.MIN.toString());
    versions.put("Os", Host.OS);
    versions.put("Arch", Host.ARCHITECTURE);
    versions.put("KernelVersion", host.kernelVersion());
    var engine = new JsonObject();
    engine.addProperty("Name", "Engine");
    engine.addProperty("Version", config.version());
    engine.add("Details", object(versions));
    var runtime = new JsonObject();
    runtime.addProperty("Name", "Java");
    runtime.addProperty("Version", Runtime.version().toString());
    var components = new JsonArray();
    components.add(engine);
    components.add(runtime);

    var json = object(versions);
    json.add("Platform", object(Map.of("Name", "Skein")));
    json.addProperty("Version", config.version());
    json.add("Components", components);
    return Response.json(json);
  }

  private Response info(Request request) throws InterruptedException {
    var description = node.description();
    var json = new JsonObject();
    var swarm = node.info();
    json.addProperty(
        "ID", swarm.getNodeId().isEmpty() ? description.getHostname() : swarm.getNodeId());
    json.addProperty("Name", description.getHostname());
    json.addProperty("ServerVersion", config.version());
    json.addProperty("OperatingSystem", host.operatingSystem());
    json.addProperty("OSType", Host.OS);
    json.addProperty("Architecture", description.getPlatform().getArchitecture());
    json.addProperty("KernelVersion", host.kernelVersion());
    json.addProperty("NCPU", host.processors());
    json.addProperty("MemTotal", description.getResources().getMemoryBytes());
    json.addProperty("DockerRootDir", config.stateDirectory().toString());
    json.addProperty("SystemTime", clock.instant().toString());
    json.addProperty("DefaultRuntime", "process");
    json.add("Runtimes", runtimes(description.getCapabilitiesList()));
    json.add("Plugins", plugins());
    json.add("Labels", labels(description.getEngine().getLabelsMap()));
    json.add("Warnings", warnings(description.getCapabilitiesList()));
    // Read without asking by Docker's client, which shows them.
    for (var count :
        List.of(
            "Containers", "ContainersRunning", "ContainersPaused", "ContainersStopped", "Images")) {
      json.addProperty(count, 0);
    }
    for (var text : List.of("Driver", "LoggingDriver", "CgroupDriver", "IndexServerAddress")) {
      json.addProperty(text, "");
    }
    json.addProperty("LiveRestoreEnabled", true);
    json.addProperty("Debug", false);
    json.add("Swarm", swarmInfo.json());
    return Response.json(json);
  }

  private static JsonObject object(Map<String, String> texts) {
    var json = new JsonObject();
    texts.forEach(json::addProperty);
    return json;
  }

  private static JsonObject runtimes(List<Capability> capabilities) {
    var json = new JsonObject();
    for (var capability : capabilities) {
      if (capability.getAvailable()) {
        json.add(capability.getName(), new JsonObject());
      }
    }
    return json;
  }

  private static JsonObject plugins() {
    var json = new JsonObject();
    for (var kind : List.of("Volume", "Network", "Log")) {
      json.add(kind, new JsonArray());
    }
    return json;
  }

  private static JsonArray labels(Map<String, String> labels) {
    var json = new JsonArray();
    labels.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(label -> json.add(label.getKey() + "=" + label.getValue()));
    return json;
  }

  private static JsonArray warnings(List<Capability> capabilities) {
    var json = new JsonArray();
    for (var capability : capabilities) {
      if (!capability.getAvailable()) {
        json.add("WARNING: no " + capability.getName() + ": " + capability.getReason());
      }
    }
    return json;
  }
}
