package dev.skein.chaos.experiment;

import dev.skein.chaos.experiment.Experiment.Abort;
import dev.skein.chaos.experiment.Experiment.Guard;
import dev.skein.chaos.experiment.Experiment.Hypothesis;
import dev.skein.chaos.experiment.Experiment.Load;
import dev.skein.chaos.experiment.Experiment.Measure;
import dev.skein.chaos.experiment.Experiment.Mode;
import dev.skein.chaos.experiment.Experiment.Probe;
import dev.skein.chaos.experiment.Experiment.Step;
import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/// Reads experiments. Finds everything that is wrong with one at once.
public final class ExperimentReader {

  /// The largest file, in characters.
  public static final int CHARS_MAX = 64 * 1024;

  /// The most steps of a method.
  public static final int STEPS_MAX = 100;

  /// The longest time of a fault, and until one begins.
  public static final Duration TIME_MAX = Duration.ofHours(2);

  private static final String VERSION = "chaos/v1";
  private static final int LIST_MAX = 20;
  private static final int TITLE_CHARS_MAX = 120;
  private static final Duration LASTS_DEFAULT = Duration.ofSeconds(10);
  private static final Duration P99_DEFAULT = Duration.ofSeconds(1);
  private static final Duration CONVERGE_DEFAULT = Duration.ofSeconds(60);
  private static final Pattern COMPARISON = Pattern.compile("([a-z_]+)\\s*>\\s*(\\S+)");
  private static final Pattern CONVERGED = Pattern.compile("converged\\s*<\\s*(\\S+)");

  private final List<Problem> problems = new ArrayList<>();

  private ExperimentReader() {}

  /// What reading gave.
  public sealed interface Reading {}

  /// An experiment without a fault of its own.
  public record Good(Experiment experiment) implements Reading {}

  /// What is wrong, by line.
  public record Bad(List<Problem> problems) implements Reading {}

  /// Reads one.
  public static Reading read(String text) {
    return new ExperimentReader().document(text);
  }

  private Reading document(String text) {
    if (text.length() > CHARS_MAX) {
      return bad(1, "more than %d characters".formatted(CHARS_MAX));
    }
    try {
      var settings = LoadSettings.builder().setMaxAliasesForCollections(0).build();
      return new Compose(settings)
          .composeString(text)
          .map(this::root)
          .orElseGet(() -> bad(1, "the file is empty"));
    } catch (MarkedYamlEngineException e) {
      var line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
      return bad(line, "this is not YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      return bad(1, "this is not YAML: " + e.getMessage());
    }
  }

  private static Bad bad(int line, String message) {
    return new Bad(List.of(new Problem(line, message)));
  }

  private Reading root(Node node) {
    var root = new YamlField("experiment", node, problems);
    var fields =
        root.fields(
            "apiVersion",
            "title",
            "seed",
            "workload",
            "steadyState",
            "method",
            "abort",
            "guard",
            "verify");
    root.require(fields, "apiVersion", "title", "method");
    read(fields, "apiVersion", field -> field.choice(Map.of(VERSION, VERSION)));
    var verify = new Verification();
    read(fields, "verify", field -> verification(field, verify));
    var guard = read(fields, "guard", this::guard).orElse(Guard.DEFAULT);
    var experiment =
        new Experiment(
            read(fields, "title", field -> field.text(TITLE_CHARS_MAX)).orElse(""),
            read(fields, "seed", field -> field.number(0, Long.MAX_VALUE)).orElse(1L),
            read(fields, "workload", this::workload).orElse(Load.DEFAULT),
            all(fields, "steadyState", LIST_MAX, this::hypothesis),
            steps(fields, guard),
            all(fields, "abort", LIST_MAX, this::abort),
            guard,
            List.copyOf(verify.checks),
            verify.convergeWithin);
    if (problems.isEmpty()) {
      return new Good(experiment);
    }
    problems.sort(Comparator.comparingInt(Problem::line));
    return new Bad(List.copyOf(problems));
  }

  private List<Step> steps(Map<String, YamlField> fields, Guard guard) {
    var steps = all(fields, "method", STEPS_MAX, field -> step(field, guard));
    if (steps.isEmpty() && problems.isEmpty()) {
      Optional.ofNullable(fields.get("method"))
          .ifPresent(field -> field.wrong("method: there must be a step at least"));
    }
    return steps.stream().sorted(Comparator.comparing(Step::at)).toList();
  }

  private static <T> Optional<T> read(
      Map<String, YamlField> fields, String name, Function<YamlField, Optional<T>> reader) {
    return Optional.ofNullable(fields.get(name)).flatMap(reader);
  }

  private static <T> List<T> all(
      Map<String, YamlField> fields,
      String name,
      int max,
      Function<YamlField, Optional<T>> reader) {
    var field = fields.get(name);
    return field == null
        ? List.of()
        : field.elements(max).stream().flatMap(element -> reader.apply(element).stream()).toList();
  }

  private Optional<Load> workload(YamlField field) {
    var fields = field.fields("clients", "keys", "rate", "services", "replicas");
    var load = Load.DEFAULT;
    // Eight clients of one key are what the search for an order can take.
    var limits = new LinkedHashMap<String, Long>();
    limits.put("clients", 32L);
    limits.put("keys", 500L);
    limits.put("services", 20L);
    limits.put("replicas", 20L);
    for (var limit : limits.entrySet()) {
      var min = limit.getKey().equals("services") ? 0 : 1;
      var value = read(fields, limit.getKey(), each -> each.number(min, limit.getValue()));
      load = value.isPresent() ? load.with(limit.getKey(), value.get().intValue()) : load;
    }
    var rate = read(fields, "rate", each -> each.rate(1_000));
    load = rate.isPresent() ? load.with("rate", rate.get().intValue()) : load;
    if (load.keys() * 8 < load.clients()) {
      field.wrong(
          "workload: %d keys are too few for %d clients: a key for each 8"
              .formatted(load.keys(), load.clients()));
    }
    return Optional.of(load);
  }

  private Optional<Hypothesis> hypothesis(YamlField field) {
    var fields = field.fields("probe", "mode", "p99", "port");
    field.require(fields, "probe");
    var probe = read(fields, "probe", each -> each.choice(words(Probe.values(), Probe::word)));
    var mode = read(fields, "mode", each -> each.choice(words(Mode.values(), Mode::word)));
    var p99 = read(fields, "p99", each -> each.duration(TIME_MAX));
    var port = read(fields, "port", each -> each.number(1, 65_535));
    if (probe.isEmpty()) {
      return Optional.empty();
    }
    if (probe.get() == Probe.HTTP && port.isEmpty()) {
      field.wrong("steadyState: http needs a published port, such as port: 8080");
    }
    if (probe.get() != Probe.HTTP && fields.containsKey("port")) {
      field.wrong("steadyState: %s has no port".formatted(probe.get().word()));
    }
    if (p99.isPresent() && probe.get() != Probe.HTTP && probe.get() != Probe.WRITE_OK) {
      field.wrong("steadyState: %s takes no time, so it has no p99".formatted(probe.get().word()));
    }
    return Optional.of(
        new Hypothesis(
            probe.get(),
            mode.orElse(Mode.EDGE),
            p99.orElse(P99_DEFAULT),
            port.orElse(0L).intValue()));
  }

  private static <T> Map<String, T> words(T[] values, Function<T, String> word) {
    var words = new LinkedHashMap<String, T>();
    for (var value : values) {
      words.put(word.apply(value), value);
    }
    return words;
  }

  private Optional<Step> step(YamlField field, Guard guard) {
    var fields = field.fields("at", "fault", "target", "for", "options");
    field.require(fields, "at", "fault", "target");
    var faults = words(Catalogue.all().toArray(Fault[]::new), Fault::name);
    var at = read(fields, "at", each -> each.duration(TIME_MAX));
    var fault = read(fields, "fault", each -> each.choice(faults));
    var target = read(fields, "target", this::target);
    var given = read(fields, "for", each -> each.duration(TIME_MAX));
    var options = fault.flatMap(kind -> options(field, kind, fields.get("options")));
    if (fault.isPresent() && given.isPresent()) {
      if (!fault.get().lasting()) {
        field.wrong("%s does not last: leave \"for\" away".formatted(fault.get().name()));
      } else if (given.get().compareTo(guard.deadman()) > 0) {
        field.wrong(
            "for: %s is longer than guard.deadman, %s, which ends every fault"
                .formatted(Words.of(given.get()), Words.of(guard.deadman())));
      }
    }
    if (at.isEmpty() || fault.isEmpty() || target.isEmpty() || options.isEmpty()) {
      return Optional.empty();
    }
    var lasts = fault.get().lasting() ? given.orElse(LASTS_DEFAULT) : Duration.ZERO;
    return Optional.of(new Step(at.get(), fault.get(), target.get(), lasts, options.get()));
  }

  private Optional<Target> target(YamlField field) {
    return field
        .text(63)
        .flatMap(
            word -> {
              var target = Target.of(word);
              if (target.isEmpty()) {
                field.wrong(
                    "target: \"%s\" is none; possible are %s".formatted(word, Target.POSSIBLE));
              }
              return target;
            });
  }

  private static Optional<Map<String, String>> options(
      YamlField step, Fault fault, @Nullable YamlField options) {
    var given = new LinkedHashMap<String, String>();
    if (options != null) {
      for (var option : options.fields().entrySet()) {
        option.getValue().text(200).ifPresent(value -> given.put(option.getKey(), value));
      }
    }
    try {
      return Optional.of(Catalogue.options(fault, given));
    } catch (IllegalArgumentException e) {
      (options == null ? step : options).wrong(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private Optional<Abort> abort(YamlField field) {
    var given = field.text(60);
    if (given.isEmpty()) {
      return Optional.empty();
    }
    var measures = words(Measure.values(), Measure::word);
    var matcher = COMPARISON.matcher(given.get());
    if (!matcher.matches() || !measures.containsKey(matcher.group(1))) {
      field.wrong(
          "abort: \"%s\" must be one of %s, then > and a duration, such as write_gap > 15s"
              .formatted(given.get(), String.join(", ", measures.keySet())));
      return Optional.empty();
    }
    var measure = measures.get(matcher.group(1));
    return field.duration(matcher.group(2), TIME_MAX).map(limit -> new Abort(measure, limit));
  }

  private Optional<Guard> guard(YamlField field) {
    var fields = field.fields("require_label", "max_managers", "deadman");
    var managers =
        read(fields, "max_managers", each -> each.choice(Map.of("minority", false, "any", true)));
    return Optional.of(
        new Guard(
            read(fields, "require_label", each -> each.text(60)).orElse("chaos.allowed"),
            managers.orElse(false),
            read(fields, "deadman", each -> each.duration(TIME_MAX))
                .orElse(Guard.DEFAULT.deadman())));
  }

  /// What the list of checks gave.
  private static final class Verification {
    private final List<Check> checks = new ArrayList<>();
    private Duration convergeWithin = CONVERGE_DEFAULT;
  }

  private Optional<Verification> verification(YamlField field, Verification into) {
    for (var element : field.elements(LIST_MAX)) {
      var given = element.text(60).orElse("");
      var bounded = CONVERGED.matcher(given);
      var check = bounded.matches() ? Optional.of(Check.CONVERGED) : Check.of(given);
      if (bounded.matches()) {
        into.convergeWithin = element.duration(bounded.group(1), TIME_MAX).orElse(CONVERGE_DEFAULT);
      }
      check.ifPresentOrElse(
          into.checks::add,
          () ->
              element.wrong(
                  "verify: unknown \"%s\"; possible are %s, and converged<30s"
                      .formatted(
                          given, String.join(", ", words(Check.values(), Check::word).keySet()))));
    }
    return Optional.of(into);
  }
}
