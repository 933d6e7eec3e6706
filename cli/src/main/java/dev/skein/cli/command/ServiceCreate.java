package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.format.Json;
import dev.skein.cli.progress.ServiceProgress;
import dev.skein.cli.value.KeyValue;
import dev.skein.cli.value.ProcessRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// `skein service create`
final class ServiceCreate {
  private ServiceCreate() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] IMAGE|--process [--] [COMMAND] [ARG...]",
            "Create a service and wait until its tasks run. With --process, tasks are processes"
                + " of the host: COMMAND is the program.")
        .flags(ServiceFlags.create())
        .arguments(1, Integer.MAX_VALUE)
        .optionsFirst()
        .examples(
            "skein service create --name web --replicas 3 --publish 8080:80 nginx:1.27",
            "skein service create --name web --process --publish 8080 -- skein whoami",
            "skein service create --name agent --mode global --process -- /usr/bin/agent -v",
            "skein service create --name sums --mode replicated-job --replicas 20"
                + " --max-concurrent 4 --process -- ./sum.sh",
            "skein service create --name report --mode replicated-job --schedule '30 6 * * MON-FRI'"
                + " --schedule-timezone Europe/Berlin --process -- ./report.sh",
            "skein service create --constraint node.role==worker --limit-memory 256m --detach"
                + " redis")
        .does(ServiceCreate::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    JsonObject spec = spec(context, arguments);
    try (EngineClient client = context.client()) {
      String id = Json.text(client.post("/services/create", spec), "ID");
      context.out().println(id);
      context.out().flush();
      return arguments.is("detach")
          ? ExitCode.SUCCESS
          : ServiceProgress.follow(context, client, id, arguments.is("quiet"));
    }
  }

  /// The specification that the options and arguments describe.
  static JsonObject spec(CommandContext context, Arguments arguments) throws IOException {
    JsonObject spec = new JsonObject();
    spec.addProperty("Name", arguments.text("name") == null ? "" : arguments.text("name"));
    ServiceSpecEdit edit = new ServiceSpecEdit(spec, arguments);
    List<String> words = arguments.positional();
    if (arguments.is("process")) {
      if (arguments.has("entrypoint")) {
        throw new UsageException("--entrypoint does not go with --process: name the program");
      }
      Json.make(spec, "TaskTemplate").addProperty("Runtime", ProcessRuntime.NAME);
      edit.containerText("Image", ProcessRuntime.IMAGE);
      edit.containerWords("Command", words.subList(0, 1));
    } else {
      edit.containerText("Image", words.getFirst());
    }
    if (words.size() > 1) {
      edit.containerWords("Args", words.subList(1, words.size()));
    }
    switch (arguments.text("mode")) {
      case "global" -> Json.make(spec, "Mode.Global");
      case "global-job" -> Json.make(spec, "Mode.GlobalJob");
      case "replicated-job" -> Json.make(spec, "Mode.ReplicatedJob");
      case null, default -> ServiceSpecEdit.setReplicas(spec, 1);
    }
    edit.applyCommon();
    edit.addLabels("label", "container-label");
    edit.addEnvironment(environment(context, arguments));
    edit.constraints("constraint", "constraint-rm");
    edit.preferences("placement-pref", "placement-pref-rm");
    edit.addPorts("publish");
    return spec;
  }

  // Variables from files come first, so that --env wins.
  private static List<String> environment(CommandContext context, Arguments arguments)
      throws IOException {
    List<String> variables = new ArrayList<>();
    for (String file : arguments.texts("env-file")) {
      variables.addAll(KeyValue.environmentFile(Path.of(file), context.environment()));
    }
    variables.addAll(ServiceSpecEdit.environment(arguments.texts("env"), context.environment()));
    return variables;
  }
}
