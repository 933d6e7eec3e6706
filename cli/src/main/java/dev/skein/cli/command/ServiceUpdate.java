package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Json;
import dev.skein.cli.progress.ServiceProgress;
import dev.skein.cli.value.ProcessRuntime;
import java.io.IOException;
import java.util.List;

/// `skein service update`
final class ServiceUpdate {
  private ServiceUpdate() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] SERVICE [-- COMMAND [ARG...]]",
            "Change a service and wait until its tasks are replaced. For a process service,"
                + " COMMAND with its arguments replaces the ones it has.")
        .flags(ServiceFlags.update())
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.SERVICES)
        .examples(
            "skein service update --image nginx:1.28 web",
            "skein service update --env-add MODE=fast --publish-add 8443:443 web",
            "skein service update --update-parallelism 2 --update-delay 10s --force web",
            "skein service update --update-canary 1 --image nginx:1.28 web",
            "skein service update web -- skein whoami --port 9000",
            "skein service update --schedule '*/10 * * * *' --concurrency replace report",
            "skein service update --rollback web")
        .does(ServiceUpdate::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    String name = arguments.argument(0);
    List<String> command = arguments.positional().subList(1, arguments.positional().size());
    if (!command.isEmpty() && arguments.beforeSeparator() != 1) {
      throw new UsageException(
          "\"" + command.getFirst() + "\" is too many: put -- before a new command");
    }
    try (EngineClient client = context.client()) {
      JsonObject service = ServiceCommands.require(client, name);
      boolean rollback = arguments.is("rollback");
      JsonObject spec = Json.make(service, "Spec");
      if (!rollback) {
        edit(context, spec, arguments, command);
      }
      post(client, service, spec, rollback);
      context.out().println(name);
      context.out().flush();
      return arguments.is("detach")
          ? ExitCode.SUCCESS
          : ServiceProgress.follow(
              context, client, Json.text(service, "ID"), arguments.is("quiet"), rollback);
    }
  }

  /// Replaces a service's specification, if it is still the one that was read.
  static void post(EngineClient client, JsonObject service, JsonObject spec, boolean rollback)
      throws IOException {
    Query query =
        Query.of("/services", Json.text(service, "ID"))
            .path("/update")
            .with("version", Json.number(service, "Version.Index", 0));
    if (rollback) {
      query.with("rollback", "previous");
    }
    client.post(query.toString(), spec);
  }

  /// Writes the options into the specification.
  static void edit(
      CommandContext context, JsonObject spec, Arguments arguments, List<String> command) {
    ServiceSpecEdit edit = new ServiceSpecEdit(spec, arguments);
    String image = arguments.text("image");
    if (image != null) {
      edit.containerText("Image", image);
    }
    edit.applyCommon();
    if (!command.isEmpty()) {
      if (arguments.has("args") || arguments.has("entrypoint")) {
        throw new UsageException("--args and --entrypoint do not go with a new command");
      }
      if (!ProcessRuntime.is(Json.object(spec, "TaskTemplate"))) {
        throw new UsageException(
            "only a process service takes a command: use --args, --entrypoint");
      }
      edit.containerWords("Command", command.subList(0, 1));
      edit.containerWords("Args", command.subList(1, command.size()));
    }
    edit.removeLabels();
    edit.addLabels("label-add", "container-label-add");
    edit.removeEnvironment();
    edit.addEnvironment(
        ServiceSpecEdit.environment(arguments.texts("env-add"), context.environment()));
    edit.constraints("constraint-add", "constraint-rm");
    edit.preferences("placement-pref-add", "placement-pref-rm");
    edit.removePorts();
    edit.addPorts("publish-add");
    if (arguments.is("force")) {
      JsonObject template = Json.make(spec, "TaskTemplate");
      template.addProperty("ForceUpdate", Json.number(template, "ForceUpdate", 0) + 1);
    }
  }
}
