package dev.skein.chaos.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.experiment.Experiment.Load;
import dev.skein.chaos.experiment.Experiment.Mode;
import dev.skein.chaos.experiment.Experiment.Probe;
import dev.skein.chaos.experiment.ExperimentReader.Bad;
import dev.skein.chaos.experiment.ExperimentReader.Good;
import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.Fault;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ExperimentReaderTest {

  private static final String SMALLEST =
      """
      apiVersion: chaos/v1
      title: Small
      method:
        - {at: 1s, fault: kill, target: leader}
      """;

  static Experiment good(String text) {
    return switch (ExperimentReader.read(text)) {
      case Good good -> good.experiment();
      case Bad bad -> throw new AssertionError(bad.problems().toString());
    };
  }

  private static List<Problem> problems(String text) {
    return switch (ExperimentReader.read(text)) {
      case Good good -> throw new AssertionError("good: " + good.experiment());
      case Bad bad -> bad.problems();
    };
  }

  private static void assertProblem(String text, int line, String... parts) {
    assertThat(problems(text))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.line()).isEqualTo(line);
              assertThat(problem.message()).contains(parts);
            });
  }

  @Test
  void everythingThatAFileSaysIsRead() {
    var experiment =
        good(
            """
            apiVersion: chaos/v1
            title: Leader cut off one-way, then killed
            seed: 42
            workload: {clients: 6, keys: 50, rate: 60/s, services: 3, replicas: 4}
            steadyState:
              - {probe: write_ok, p99: 500ms, mode: edge}
              - {probe: http, port: 8080, mode: continuous}
            method:
              - {at: 40s, fault: kill, target: leader}
              - {at: 10s, fault: loss, target: w1, for: 20s, options: {percent: 5}}
            abort: [write_gap > 15s, quorum_lost>5s]
            guard: {require_label: may.be.hurt, max_managers: any, deadman: 60s}
            verify: [linearizable, no_lost_ack, converged<30s]
            """);
    assertThat(experiment.seed()).isEqualTo(42);
    assertThat(experiment.workload()).isEqualTo(new Load(6, 50, 60, 3, 4));
    assertThat(experiment.steadyState())
        .extracting(Experiment.Hypothesis::probe, Experiment.Hypothesis::mode)
        .containsExactly(
            org.assertj.core.api.Assertions.tuple(Probe.WRITE_OK, Mode.EDGE),
            org.assertj.core.api.Assertions.tuple(Probe.HTTP, Mode.CONTINUOUS));
    assertThat(experiment.steadyState().getFirst().p99()).isEqualTo(Duration.ofMillis(500));
    // By time, whatever the file's order is.
    assertThat(experiment.method())
        .extracting(step -> step.fault().name())
        .containsExactly("loss", "kill");
    assertThat(experiment.method().getFirst().options())
        .containsEntry("percent", "5")
        .containsEntry("peers", "all");
    assertThat(experiment.length()).isEqualTo(Duration.ofSeconds(50));
    assertThat(experiment.abort()).hasToString("[write_gap > 15s, quorum_lost > 5s]");
    assertThat(experiment.guard().anyManagers()).isTrue();
    assertThat(experiment.guard().requireLabel()).isEqualTo("may.be.hurt");
    assertThat(experiment.verify())
        .containsExactly(Check.LINEARIZABLE, Check.NO_LOST_ACK, Check.CONVERGED);
    assertThat(experiment.convergeWithin()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void theSmallestFileHasGoodDefaults() {
    var experiment = good(SMALLEST);
    assertThat(experiment.workload()).isEqualTo(Load.DEFAULT);
    assertThat(experiment.guard().anyManagers()).isFalse();
    assertThat(experiment.method().getFirst().lasts()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void eachErrorIsToldWithItsLineItsValueAndWhatIsPossible() {
    assertProblem(SMALLEST.replace("kill", "kil"), 4, "\"kil\"", "kill", "pause");
    assertProblem(SMALLEST.replace("1s", "1x"), 4, "\"1x\"", "500ms");
    assertProblem(SMALLEST.replace("chaos/v1", "chaos/v9"), 1, "\"chaos/v9\"", "chaos/v1");
    assertProblem(SMALLEST.replace("leader", "'the leader'"), 4, "\"the leader\"", "follower");
    assertProblem(SMALLEST + "abort: [write_gap < 3s]\n", 5, "\"write_gap < 3s\"", "write_gap");
    assertProblem(SMALLEST + "verify:\n  - linear\n", 6, "\"linear\"", "linearizable");
    assertProblem(SMALLEST + "workload: {clients: 99}\n", 5, "\"99\"", "from 1 to 32");
    assertProblem(SMALLEST + "workload: {rate: 5}\n", 5, "\"5\"", "60/s");
    assertProblem(SMALLEST + "steadyState: [{probe: http}]\n", 5, "port");
    assertProblem(SMALLEST + "colour: red\n", 5, "\"colour\"", "verify");
    assertProblem(SMALLEST + "title: Again\n", 5, "title");
    assertProblem("title: No method\napiVersion: chaos/v1\n", 1, "\"method\" is missing");
    assertProblem("", 1, "empty");
    assertProblem("a: [", 1, "not YAML");
  }

  @Test
  void allErrorsAreToldAtOnce() {
    var text = SMALLEST.replace("kill", "kil").replace("1s", "1x") + "verify: [linear]\n";
    assertThat(problems(text)).extracting(Problem::line).containsExactly(4, 4, 5);
  }

  @Test
  void aFaultMayNotOutlastItsDeadMan() {
    var text = SMALLEST.replace("leader}", "leader, for: 30s}") + "guard: {deadman: 20s}\n";
    assertProblem(text, 4, "30s", "20s");
  }

  @Test
  void aFaultThatDoesNotLastHasNoLength() {
    var text = SMALLEST.replace("kill, target: leader", "lead, target: follower, for: 3s");
    assertProblem(text, 4, "lead", "for");
  }

  @Test
  void aFileThatIsTooLongOrHasTooManyStepsIsRefused() {
    assertProblem(SMALLEST + "#".repeat(ExperimentReader.CHARS_MAX), 1, "characters");
    var step = "  - {at: 1s, fault: lead, target: follower}\n";
    var head = "apiVersion: chaos/v1\ntitle: Many\nmethod:\n";
    assertThat(good(head + step.repeat(ExperimentReader.STEPS_MAX)).method()).hasSize(100);
    assertProblem(head + step.repeat(ExperimentReader.STEPS_MAX + 1), 4, "101", "100");
  }

  @Test
  void aliasesCantMakeAFileLarge() {
    assertThat(problems(SMALLEST + "verify: &a [linearizable]\nabort: *a\n")).isNotEmpty();
  }

  @Test
  void everyFaultsExampleIsGood() {
    for (var fault : Catalogue.all()) {
      var options =
          fault.options().stream()
              .map(
                  option ->
                      option.name()
                          + ": \""
                          + (option.byDefault().isEmpty() ? "/tmp/skein" : option.byDefault())
                          + "\"")
              .collect(Collectors.joining(", "));
      var step =
          "  - {at: 1s, fault: %s, target: any, options: {%s}}\n".formatted(fault.name(), options);
      var experiment = good("apiVersion: chaos/v1\ntitle: One\nmethod:\n" + step);
      assertThat(experiment.method()).extracting(each -> each.fault()).isEqualTo(only(fault));
    }
  }

  private static List<Fault> only(Fault fault) {
    return List.of(fault);
  }
}
