package dev.skein.chaos.command;

import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.Errand;
import dev.skein.chaos.fault.NotNowException;
import dev.skein.chaos.fault.Site;
import dev.skein.chaos.host.HostCluster;
import dev.skein.chaos.host.HostNode;
import dev.skein.chaos.host.OwnMachine;
import dev.skein.chaos.lab.Member;
import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Arguments;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.Flag;
import dev.skein.cli.command.UsageException;
import dev.skein.cli.value.GoDuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// `skein chaos inject`: what the task of an [Errand] runs on its node.
final class InjectCommand {

  private static final String DONE = "done";
  private static final int DONE_MAX = 200;

  private InjectCommand() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] FAULT",
            "Inject a fault into the node that this runs on as a task, hold it and undo it. An"
                + " experiment on a cluster that is named by --host runs it; it is no command for"
                + " people.")
        .arguments(1, 1)
        .words(FaultListing.names())
        .flags(
            Flag.string("once", (char) 0, "name", "Do nothing if this was done under that name"),
            Flag.string("for", (char) 0, "duration", "How long the fault lasts"),
            Flag.string("deadman", (char) 0, "duration", "When it undoes itself at the latest"),
            Flag.of("seed", "uint", "Of what the fault leaves to chance", Flag::readUnsigned),
            Flag.list("set", (char) 0, "option=value", "An option of the fault"),
            Flag.list("other", (char) 0, "name,role,address", "Another node: m1,manager,10.0.0.1"))
        .examples("skein chaos inject --once fault-1 --for 10s pause")
        .does(InjectCommand::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    var task = context.environment().get("SKEIN_TASK_ID");
    if (task == null) {
      throw new UsageException(
          "this runs as a task of a cluster only, made by: skein --host HOST chaos run FILE");
    }
    var name = context.environment().getOrDefault("SKEIN_NODE_HOSTNAME", "this node");
    var fault =
        Catalogue.find(arguments.argument(0))
            .orElseThrow(() -> new UsageException("unknown fault " + arguments.argument(0)));
    context.interrupts().arm();
    var machine = OwnMachine.of(name, task, Path.of("").toAbsolutePath());
    try {
      if (!isFirst(machine.directory().resolve(DONE), arguments.text("once"))) {
        return ExitCode.SUCCESS;
      }
      var nodes = new ArrayList<Member>(List.of(machine));
      arguments.texts("other").forEach(text -> nodes.add(other(text)));
      var cluster = HostCluster.told(nodes, machine.directory());
      var site =
          new Site(
              cluster,
              machine,
              Catalogue.options(fault, options(arguments.texts("set"))),
              duration(arguments, "deadman", Duration.ofMinutes(2)),
              new SplittableRandom(
                  Optional.ofNullable(arguments.get("seed", Long.class)).orElse(0L)));
      var lasts = duration(arguments, "for", Duration.ofSeconds(10));
      var injection = fault.inject(site);
      if (fault.lasting()) {
        context.interrupts().await(lasts.toNanos());
      }
      injection.end();
      return ExitCode.SUCCESS;
    } catch (NotNowException e) {
      context.err().println(e.why());
      return Errand.NOT_NOW_CODE;
    }
  }

  /// A task that is started again, as after its node was down, must not do it twice.
  private static boolean isFirst(Path directory, @Nullable String once) throws IOException {
    if (once == null) {
      return true;
    }
    Files.createDirectories(directory);
    var done = new ArrayList<Path>();
    try (var files = Files.newDirectoryStream(directory)) {
      files.forEach(done::add);
    }
    done.sort(null);
    for (var old : done.subList(0, Math.max(0, done.size() - DONE_MAX))) {
      Files.deleteIfExists(old);
    }
    var mark = directory.resolve(Path.of(once).getFileName());
    if (Files.exists(mark)) {
      return false;
    }
    Files.createFile(mark);
    return true;
  }

  private static Duration duration(Arguments arguments, String flag, Duration byDefault) {
    var text = arguments.text(flag);
    try {
      return text == null ? byDefault : Duration.ofNanos(GoDuration.parse(text));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--%s: %s".formatted(flag, e.getMessage()));
    }
  }

  private static Map<String, String> options(List<String> given) {
    var options = new HashMap<String, String>();
    for (var each : given) {
      var split = each.split("=", 2);
      if (split.length < 2) {
        throw new UsageException("--set: \"%s\" is not OPTION=VALUE".formatted(each));
      }
      options.put(split[0], split[1]);
    }
    return options;
  }

  private static HostNode other(String text) {
    var words = text.split(",", -1);
    if (words.length != 3) {
      throw new UsageException("--other: \"%s\" is not NAME,ROLE,ADDRESS".formatted(text));
    }
    return new HostNode(words[0], words[0], words[2], words[1].equals("manager"), Optional.empty());
  }
}
