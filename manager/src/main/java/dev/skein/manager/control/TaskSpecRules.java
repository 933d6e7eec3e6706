package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;

import dev.skein.manager.schedule.Constraint;
import dev.skein.manager.schedule.ConstraintException;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.Placement;
import dev.skein.proto.v1.PlacementStrategy;
import dev.skein.proto.v1.ResourceRequirements;
import dev.skein.proto.v1.Resources;
import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.state.Defaults;
import dev.skein.state.Times;
import java.util.HashSet;
import java.util.regex.Pattern;

/// What a task template must look like.
final class TaskSpecRules {
  /// The image that stands for "a host process".
  static final String PROCESS_IMAGE = "skein/process";

  static final String PROCESS = "process";
  static final String CONTAINER = "container";

  private static final Pattern IMAGE =
      Pattern.compile(
          // [host[:port]/]path[:tag][@digest]
          "(?:(?:[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)*|\\[[0-9a-fA-F:]+])(?::[0-9]+)?/)?"
              + "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
              + "(?::\\w[\\w.-]{0,127})?"
              + "(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?");
  private static final int IMAGE_CHARACTERS = 512;

  /// Linux' signals, by name or number; what a node can send.
  private static final Pattern SIGNAL =
      Pattern.compile(
          "(?:SIG)?(?:HUP|INT|QUIT|ILL|TRAP|ABRT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT"
              + "|CHLD|CONT|STOP|TSTP|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|PWR|SYS"
              + "|RTMIN(?:\\+(?:[1-9]|[12][0-9]|30))?|RTMAX(?:-(?:[1-9]|[12][0-9]|30))?)"
              + "|[1-9]|[1-5][0-9]|6[0-4]",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern SPREAD =
      Pattern.compile("(?:node|engine)\\.labels\\.[A-Za-z0-9_][A-Za-z0-9_.\\-/]*");

  private static final Pattern GENERIC_KIND = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,63}");

  private TaskSpecRules() {}

  /// @throws Rejection naming the first thing that is wrong
  static void check(TaskSpec spec) throws Rejection {
    switch (spec.getRuntime()) {
      case PROCESS -> checkProcess(spec.getContainerSpec());
      case "", CONTAINER -> checkImage(spec.getContainerSpec().getImage());
      default ->
          throw invalid(
              "TaskSpec: unknown runtime '%s': use %s or %s",
              spec.getRuntime(), PROCESS, CONTAINER);
    }
    checkContainer(spec.getContainerSpec());
    checkResources(spec.getResources());
    checkRestart(spec.getRestartPolicy());
    checkPlacement(spec.getPlacement());
  }

  private static void checkProcess(ContainerSpec spec) throws Rejection {
    var image = spec.getImage();
    if (!image.isEmpty() && !image.equals(PROCESS_IMAGE)) {
      throw invalid(
          "ContainerSpec: the runtime process has no images, got '%s': leave it out or use %s",
          image, PROCESS_IMAGE);
    }
    if (spec.getCommandCount() + spec.getArgsCount() == 0) {
      throw invalid("ContainerSpec: a process needs a command, such as -- /usr/bin/sleep 100");
    }
    if ((spec.getCommandCount() > 0 ? spec.getCommand(0) : spec.getArgs(0)).isEmpty()) {
      throw invalid("ContainerSpec: the command of a process cannot be empty");
    }
  }

  private static void checkImage(String image) throws Rejection {
    if (image.isEmpty()) {
      throw invalid("ContainerSpec: image reference must be provided");
    }
    if (image.length() > IMAGE_CHARACTERS || !IMAGE.matcher(image).matches()) {
      throw invalid("ContainerSpec: \"%s\" is not a valid repository/tag", image);
    }
  }

  private static void checkContainer(ContainerSpec spec) throws Rejection {
    ServiceSpecRules.checkLabels("container", spec.getLabelsMap());
    if (spec.getCommandCount() + spec.getArgsCount() > SpecLimits.ARGUMENTS) {
      throw invalid(
          "ContainerSpec: %d arguments exceed the limit of %d",
          spec.getCommandCount() + spec.getArgsCount(), SpecLimits.ARGUMENTS);
    }
    if (spec.getEnvCount() > SpecLimits.ENVIRONMENT) {
      throw invalid(
          "ContainerSpec: %d environment variables exceed the limit of %d",
          spec.getEnvCount(), SpecLimits.ENVIRONMENT);
    }
    for (var variable : spec.getEnvList()) {
      var equals = variable.indexOf('=');
      if (equals <= 0 || variable.indexOf(0) >= 0) {
        // The value may be a secret: only the name is shown.
        var name = equals < 0 ? variable : variable.substring(0, equals);
        throw invalid("ContainerSpec: invalid environment variable '%s': must be NAME=value", name);
      }
    }
    for (var argument : spec.getCommandList()) {
      checkNoNul(argument);
    }
    for (var argument : spec.getArgsList()) {
      checkNoNul(argument);
    }
    if (!spec.getStopSignal().isEmpty() && !SIGNAL.matcher(spec.getStopSignal()).matches()) {
      throw invalid(
          "ContainerSpec: invalid stop signal '%s': use a name such as SIGTERM, or a number from 1"
              + " to 64",
          spec.getStopSignal());
    }
    var directory = spec.getDir();
    if (!directory.isEmpty() && !directory.startsWith("/") && !directory.startsWith("{{")) {
      throw invalid(
          "ContainerSpec: the working directory '%s' is invalid: it needs to be an absolute path",
          directory);
    }
    Durations.check("stop-grace-period", spec.hasStopGracePeriod(), spec.getStopGracePeriod());
  }

  private static void checkNoNul(String argument) throws Rejection {
    if (argument.indexOf(0) >= 0) {
      throw invalid("ContainerSpec: an argument holds a zero byte");
    }
  }

  private static void checkResources(ResourceRequirements resources) throws Rejection {
    var limits = resources.getLimits();
    var reservations = resources.getReservations();
    checkCpus("limit", limits.getNanoCpus());
    checkCpus("reservation", reservations.getNanoCpus());
    checkMemory("limit", limits.getMemoryBytes());
    checkMemory("reservation", reservations.getMemoryBytes());
    checkGenericResources(reservations);
    if (isBelow(limits.getNanoCpus(), reservations.getNanoCpus())) {
      throw invalid(
          "cpu limit %s is below the reservation of %s",
          limits.getNanoCpus() / 1e9, reservations.getNanoCpus() / 1e9);
    }
    if (isBelow(limits.getMemoryBytes(), reservations.getMemoryBytes())) {
      throw invalid(
          "memory limit of %d bytes is below the reservation of %d bytes",
          limits.getMemoryBytes(), reservations.getMemoryBytes());
    }
    if (limits.getPids() < 0) {
      throw invalid("invalid pids limit %d: must be 0 (unlimited) or more", limits.getPids());
    }
  }

  private static boolean isBelow(long limit, long reservation) {
    return limit != 0 && limit < reservation;
  }

  private static void checkCpus(String which, long nanoCpus) throws Rejection {
    if (nanoCpus != 0 && nanoCpus < SpecLimits.NANO_CPUS_MIN) {
      throw invalid(
          "invalid cpu %s %s: must be at least %s",
          which, nanoCpus / 1e9, SpecLimits.NANO_CPUS_MIN / 1e9);
    }
  }

  private static void checkMemory(String which, long bytes) throws Rejection {
    if (bytes != 0 && bytes < SpecLimits.MEMORY_BYTES_MIN) {
      throw invalid("invalid memory %s of %d bytes: must be at least 4MiB", which, bytes);
    }
  }

  private static void checkRestart(RestartPolicy policy) throws Rejection {
    if (policy.getCondition() == RestartCondition.UNRECOGNIZED) {
      throw invalid(
          "unknown restart condition %d: use none, on-failure or any", policy.getConditionValue());
    }
    Durations.check("restart-delay", policy.hasDelay(), policy.getDelay());
    Durations.check("restart-window", policy.hasWindow(), policy.getWindow());
    checkBackoff(policy);
    if (policy.getMaxAttempts() < 0) {
      throw invalid(
          "restart-max-attempts %s is too large", Long.toUnsignedString(policy.getMaxAttempts()));
    }
  }

  private static void checkBackoff(RestartPolicy policy) throws Rejection {
    Durations.check("restart-backoff", policy.hasMaxDelay(), policy.getMaxDelay());
    var delay = Defaults.restartDelay(policy);
    if (policy.hasMaxDelay() && Times.duration(policy.getMaxDelay()).compareTo(delay) < 0) {
      throw invalid(
          "restart-backoff of %s is shorter than the restart delay of %s that it grows from",
          Durations.text(Times.duration(policy.getMaxDelay())), Durations.text(delay));
    }
  }

  private static void checkGenericResources(Resources reservations) throws Rejection {
    if (reservations.getGenericResourcesCount() > SpecLimits.GENERIC_RESOURCES) {
      throw invalid(
          "%d generic resources exceed the limit of %d",
          reservations.getGenericResourcesCount(), SpecLimits.GENERIC_RESOURCES);
    }
    var kinds = new HashSet<String>();
    for (var resource : reservations.getGenericResourcesList()) {
      if (!resource.hasDiscreteResourceSpec()) {
        throw invalid(
            "generic resource '%s=%s' is a named one: a service asks for a number of a kind, as in"
                + " %s=1",
            resource.getNamedResourceSpec().getKind(),
            resource.getNamedResourceSpec().getValue(),
            resource.getNamedResourceSpec().getKind());
      }
      var wanted = resource.getDiscreteResourceSpec();
      if (!GENERIC_KIND.matcher(wanted.getKind()).matches()) {
        throw invalid(
            "invalid kind of generic resource '%s': use letters, digits, - and _",
            wanted.getKind());
      }
      if (wanted.getValue() < 1) {
        throw invalid(
            "generic resource %s=%d must be at least 1", wanted.getKind(), wanted.getValue());
      }
      if (!kinds.add(wanted.getKind())) {
        throw invalid("generic resource %s is asked for twice", wanted.getKind());
      }
    }
  }

  private static void checkPlacement(Placement placement) throws Rejection {
    if (placement.getConstraintsCount() > SpecLimits.CONSTRAINTS) {
      throw invalid(
          "%d constraints exceed the limit of %d",
          placement.getConstraintsCount(), SpecLimits.CONSTRAINTS);
    }
    try {
      Constraint.parseAll(placement.getConstraintsList());
    } catch (ConstraintException unreadable) {
      throw invalid("%s", String.valueOf(unreadable.getMessage()));
    }
    if (placement.getPreferencesCount() > SpecLimits.PREFERENCES) {
      throw invalid(
          "%d placement preferences exceed the limit of %d",
          placement.getPreferencesCount(), SpecLimits.PREFERENCES);
    }
    for (var preference : placement.getPreferencesList()) {
      var descriptor = preference.getSpread().getSpreadDescriptor();
      if (!SPREAD.matcher(descriptor).matches()) {
        throw invalid(
            "invalid placement preference spread '%s': use node.labels.NAME or engine.labels.NAME",
            descriptor);
      }
    }
    if (placement.getStrategy() == PlacementStrategy.UNRECOGNIZED) {
      throw invalid(
          "unknown placement strategy %d: use spread or binpack", placement.getStrategyValue());
    }
    if (placement.getMaxReplicas() < 0) {
      throw invalid(
          "replicas-max-per-node %s is too large",
          Long.toUnsignedString(placement.getMaxReplicas()));
    }
  }
}
