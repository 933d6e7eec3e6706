package dev.skein.cli.command;

import dev.skein.cli.value.CommandWords;
import dev.skein.cli.value.GoDuration;
import dev.skein.cli.value.KeyValue;
import dev.skein.cli.value.PublishedPort;
import dev.skein.cli.value.Quantity;
import java.util.ArrayList;
import java.util.List;

/// The options of `service create` and `service update`.
final class ServiceFlags {
  static final Flag DETACH = Flag.bool("detach", 'd', "Do not wait for the service to converge");
  static final Flag QUIET = Flag.bool("quiet", 'q', "Print no progress");

  private static final Flag ENV = Flag.list("env", 'e', "list", "Set an environment variable");
  private static final Flag LABEL =
      Flag.list("label", 'l', "list", "Label of the service (KEY=VALUE)").reading(KeyValue::parse);
  private static final Flag CONTAINER_LABEL =
      Flag.list("container-label", (char) 0, "list", "Label of each task (KEY=VALUE)")
          .reading(KeyValue::parse);
  private static final Flag CONSTRAINT =
      Flag.list(
          "constraint", (char) 0, "list", "Where tasks may run, for example node.labels.disk==ssd");
  private static final Flag PREFERENCE =
      Flag.list(
          "placement-pref",
          (char) 0,
          "pref",
          "How tasks are spread, for example spread=node.labels.zone");
  private static final Flag PUBLISH =
      Flag.list(
              "publish",
              'p',
              "port",
              "Publish a port: [PUBLISHED:]TARGET[/tcp|udp], or"
                  + " published=,target=,protocol=,mode=ingress|host")
          .reading(PublishedPort::parse);

  private ServiceFlags() {}

  static List<Flag> create() {
    List<Flag> flags = new ArrayList<>();
    flags.add(Flag.string("name", (char) 0, "string", "Name of the service"));
    flags.add(process());
    flags.add(
        Flag.choice(
                "mode",
                "How many tasks there are, and whether they run for good or until they complete",
                "replicated",
                "global",
                "replicated-job",
                "global-job")
            .byDefault("replicated"));
    flags.addAll(ScheduleFlags.create());
    flags.add(PUBLISH);
    flags.add(ENV);
    flags.add(Flag.list("env-file", (char) 0, "list", "Read environment variables from a file"));
    flags.add(LABEL);
    flags.add(CONTAINER_LABEL);
    flags.add(CONSTRAINT);
    flags.add(PREFERENCE);
    flags.addAll(PlacementFlags.create());
    flags.addAll(common());
    flags.add(DETACH);
    flags.add(QUIET);
    return flags;
  }

  static List<Flag> update() {
    List<Flag> flags = new ArrayList<>();
    flags.add(Flag.of("mode", "string", "Can't be changed", ServiceFlags::refuseMode));
    flags.add(Flag.string("image", (char) 0, "string", "Image that tasks run"));
    flags.add(
        Flag.of("args", "command", "Arguments of the command, as one text", CommandWords::split));
    both(flags, PUBLISH, "port", "Add or change a published port", "Remove by the target port");
    both(flags, ENV, "list", "Add or change an environment variable", "Remove a variable");
    both(flags, LABEL, "list", "Add or change a label (KEY=VALUE)", "Remove a label by its key");
    both(
        flags,
        CONTAINER_LABEL,
        "list",
        "Add or change a label of each task",
        "Remove a label of each task by its key");
    both(flags, CONSTRAINT, "list", "Add a constraint", "Remove a constraint");
    both(flags, PREFERENCE, "pref", "Add a preference", "Remove a preference");
    flags.addAll(ScheduleFlags.update());
    flags.addAll(PlacementFlags.update());
    flags.addAll(common());
    flags.add(Flag.bool("force", (char) 0, "Replace all tasks although nothing has changed"));
    flags.add(Flag.bool("rollback", (char) 0, "Go back to the previous specification"));
    flags.add(
        Flag.of(
            "update-canary",
            "uint",
            "Tasks replaced before the update waits for `skein service promote`; 0 for no wait",
            Flag::readUnsigned));
    flags.add(DETACH);
    flags.add(QUIET);
    return flags;
  }

  private static String refuseMode(String mode) {
    throw new IllegalArgumentException(
        "the mode of a service can't be changed, because what counts as its tasks would change:"
            + " remove the service and create it again");
  }

  private static Flag process() {
    return Flag.bool("process", (char) 0, "Run a process of the host rather than a container");
  }

  private static void both(List<Flag> flags, Flag create, String type, String add, String remove) {
    flags.add(create.named(create.name() + "-add", add));
    flags.add(Flag.list(create.name() + "-rm", (char) 0, type, remove));
  }

  private static List<Flag> common() {
    List<Flag> flags = new ArrayList<>();
    flags.add(
        Flag.of(
            "replicas",
            "uint",
            "Number of tasks; of a replicated job those that have to complete",
            Flag::readUnsigned));
    flags.add(
        Flag.of(
            "max-concurrent",
            "uint",
            "Tasks of a replicated job that run at the same time; by default all",
            Flag::readUnsigned));
    flags.add(
        Flag.of(
            "max-unavailable",
            "uint",
            "Tasks that updates and drains may have down at the same time; no limit by default",
            Flag::readUnsigned));
    flags.add(
        Flag.of(
            "replicas-max-per-node",
            "uint",
            "Most tasks on one node; 0 for any number",
            Flag::readUnsigned));
    flags.add(
        Flag.of("entrypoint", "command", "Program with leading arguments", CommandWords::split));
    flags.add(Flag.string("hostname", (char) 0, "string", "Host name that tasks see"));
    flags.add(Flag.string("user", 'u', "string", "User that tasks run as (NAME|UID[:GROUP|GID])"));
    flags.add(Flag.string("workdir", 'w', "string", "Directory that tasks start in"));
    flags.add(Flag.string("stop-signal", (char) 0, "string", "Signal that stops a task"));
    flags.add(
        Flag.of(
                "stop-grace-period",
                "duration",
                "How long a task may take to stop",
                GoDuration::parse)
            .byDefault("10s"));
    flags.add(Flag.of("limit-cpu", "decimal", "Most CPUs of a task", Quantity::nanoCpus));
    flags.add(Flag.of("limit-memory", "bytes", "Most memory of a task", Quantity::bytes));
    flags.add(Flag.of("limit-pids", "uint", "Most processes of a task", Flag::readUnsigned));
    flags.add(Flag.of("reserve-cpu", "decimal", "CPUs kept for a task", Quantity::nanoCpus));
    flags.add(Flag.of("reserve-memory", "bytes", "Memory kept for a task", Quantity::bytes));
    flags.add(
        Flag.choice("restart-condition", "When a task is replaced", "none", "on-failure", "any")
            .byDefault("any"));
    flags.add(
        Flag.of("restart-delay", "duration", "Time before a replacement", GoDuration::parse)
            .byDefault("5s"));
    flags.add(
        Flag.of(
            "restart-max-attempts",
            "uint",
            "How often a task is replaced; without limit by default",
            Flag::readUnsigned));
    flags.add(
        Flag.of(
            "restart-window",
            "duration",
            "Time over which attempts are counted",
            GoDuration::parse));
    flags.add(
        Flag.of(
            "restart-backoff",
            "duration",
            "Double the delay with every restart in a row, up to this",
            GoDuration::parse));
    flags.addAll(HealthFlags.flags());
    flags.addAll(rollout("update", "pause", "continue", "rollback"));
    flags.addAll(rollout("rollback", "pause", "continue"));
    return flags;
  }

  private static List<Flag> rollout(String which, String... actions) {
    return List.of(
        Flag.of(
                which + "-parallelism",
                "uint",
                "Tasks replaced at the same time; 0 for all",
                Flag::readUnsigned)
            .byDefault("1"),
        Flag.of(which + "-delay", "duration", "Time between two replacements", GoDuration::parse)
            .byDefault("0s"),
        Flag.of(
                which + "-monitor",
                "duration",
                "How long a new task is watched; attached commands wait as long, but 1 s for"
                    + " process services that name none",
                GoDuration::parse)
            .byDefault("5s"),
        Flag.choice(which + "-failure-action", "What follows a failure", actions)
            .byDefault("pause"),
        Flag.of(
                which + "-max-failure-ratio",
                "float",
                "Share of tasks that may fail",
                Flag::readRatio)
            .byDefault("0"),
        Flag.choice(which + "-order", "Which of two tasks goes first", "start-first", "stop-first")
            .byDefault("stop-first"),
        Flag.of(
                which + "-progress-deadline",
                "duration",
                "Time until a new task must run, or it has failed",
                GoDuration::parse)
            .byDefault("10m"));
  }
}
