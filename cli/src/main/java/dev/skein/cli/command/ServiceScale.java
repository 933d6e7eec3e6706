package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Json;
import dev.skein.cli.progress.ServiceProgress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `skein service scale`
final class ServiceScale {
  private ServiceScale() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] SERVICE=REPLICAS [SERVICE=REPLICAS...]",
            "Set how many tasks replicated services have, and wait until they run; of replicated"
                + " jobs, how many have to complete.")
        .flags(ServiceFlags.DETACH)
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.SERVICES)
        .examples("skein service scale web=5", "skein service scale --detach web=5 api=3")
        .does(ServiceScale::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    Map<String, Long> wanted = new LinkedHashMap<>();
    for (String text : arguments.positional()) {
      parse(text, wanted);
    }
    int code = ExitCode.SUCCESS;
    try (EngineClient client = context.client()) {
      List<String> scaled = new ArrayList<>();
      for (Map.Entry<String, Long> entry : wanted.entrySet()) {
        try {
          scaled.add(scale(client, entry.getKey(), entry.getValue()));
          context.out().println(entry.getKey() + " scaled to " + entry.getValue());
        } catch (ApiException e) {
          context.err().println(entry.getKey() + ": Error response from daemon: " + e.getMessage());
          code = ExitCode.FAILURE;
        } catch (FailureException e) {
          context.err().println(entry.getKey() + ": " + e.getMessage());
          code = ExitCode.FAILURE;
        }
      }
      context.out().flush();
      if (!arguments.is("detach")) {
        for (String id : scaled) {
          code = Math.max(code, ServiceProgress.follow(context, client, id, false));
        }
      }
    }
    return code;
  }

  private static String scale(EngineClient client, String name, long replicas) throws IOException {
    JsonObject service = ServiceCommands.require(client, name);
    JsonObject spec = Json.make(service, "Spec");
    if (Json.at(spec, "Mode.Replicated") == null && Json.at(spec, "Mode.ReplicatedJob") == null) {
      throw new FailureException("scale can only be used with replicated or replicated-job mode");
    }
    ServiceSpecEdit.setReplicas(spec, replicas);
    ServiceUpdate.post(client, service, spec, false);
    return Json.text(service, "ID");
  }

  private static void parse(String text, Map<String, Long> wanted) {
    int equals = text.lastIndexOf('=');
    if (equals <= 0) {
      throw new UsageException("invalid scale specifier '" + text + "': want SERVICE=REPLICAS");
    }
    try {
      wanted.put(text.substring(0, equals), Flag.readUnsigned(text.substring(equals + 1)));
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "invalid replicas value '"
              + text.substring(equals + 1)
              + "' in '"
              + text
              + "': "
              + e.getMessage());
    }
  }
}
