package dev.skein.manager.control;

import static dev.skein.manager.control.Specs.host;
import static dev.skein.manager.control.Specs.ingress;
import static dev.skein.manager.control.Specs.publishing;
import static dev.skein.manager.control.Specs.udp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Duration;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.EndpointMode;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.SpreadPreference;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import io.grpc.Status;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecRulesTest {
  private static final ServiceSpecRules RULES = new ServiceSpecRules(new SpecLimits(1_000));

  @ParameterizedTest
  @ValueSource(strings = {"web", "a", "A1", "my-web_2", "0"})
  void namesOfLettersDigitsDashesAndUnderscoresAreTaken(String name) throws Rejection {
    RULES.check(Specs.named(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-web", "web-", "we b", "wéb", "a.b", "_", "a/b"})
  void otherNamesAreRefused(String name) {
    assertThat(refusal(Specs.named(name))).contains("name must be");
  }

  @Test
  void aNameOf63CharactersIsTheLongest() throws Rejection {
    RULES.check(Specs.named("a".repeat(63)));
    assertThat(refusal(Specs.named("a".repeat(64)))).contains("63 characters or fewer", "has 64");
  }

  @Test
  void replicasHaveAConfiguredLimit() throws Rejection {
    RULES.check(replicas(0));
    RULES.check(replicas(1_000));
    assertThat(refusal(replicas(1_001))).isEqualTo("replicas 1001 must be between 0 and 1000");
    assertThat(refusal(replicas(-1))).contains("18446744073709551615");
  }

  static Stream<Arguments> wrongTasks() {
    return Stream.of(
        wrong("unknown runtime 'wasm'", task -> task.setRuntime("wasm")),
        wrong("a process needs a command", task -> container(task).clearArgs()),
        wrong("cannot be empty", task -> container(task).setArgs(0, "")),
        wrong("has no images, got 'nginx'", task -> container(task).setImage("nginx")),
        wrong("must be NAME=value", task -> container(task).addEnv("NAME")),
        wrong("invalid environment variable ''", task -> container(task).addEnv("=secret")),
        wrong("zero byte", task -> container(task).addArgs("a\0b")),
        wrong("invalid stop signal 'HUP!'", task -> container(task).setStopSignal("HUP!")),
        wrong("invalid stop signal 'SIGFOO'", task -> container(task).setStopSignal("SIGFOO")),
        wrong("invalid stop signal '65'", task -> container(task).setStopSignal("65")),
        wrong(
            "the working directory 'srv/web' is invalid: it needs to be an absolute path",
            task -> container(task).setDir("srv/web")),
        wrong(
            "stop-grace-period cannot be negative",
            task -> container(task).setStopGracePeriod(seconds(-1))),
        wrong(
            "is longer than 8760h",
            task -> container(task).setStopGracePeriod(seconds(31_536_001))),
        wrong(
            "restart-delay cannot be negative",
            task -> task.getRestartPolicyBuilder().setDelay(seconds(-1))),
        wrong(
            "restart-window cannot be negative",
            task -> task.getRestartPolicyBuilder().setWindow(seconds(-5))),
        wrong(
            "restart-max-attempts 18446744073709551615 is too large",
            task -> task.getRestartPolicyBuilder().setMaxAttempts(-1)),
        wrong(
            "restart-backoff of 4s is shorter than the restart delay of 5s",
            task -> task.getRestartPolicyBuilder().setMaxDelay(seconds(4))),
        wrong(
            "ContainerSpec: unknown placeholder '.Task.Slott'",
            task -> container(task).addEnv("SLOT={{.Task.Slott}}")),
        wrong(
            "generic resource gpu=0 must be at least 1",
            task ->
                task.getResourcesBuilder()
                    .getReservationsBuilder()
                    .addGenericResourcesBuilder()
                    .getDiscreteResourceSpecBuilder()
                    .setKind("gpu")),
        wrong(
            "generic resource 'gpu=one' is a named one",
            task ->
                task.getResourcesBuilder()
                    .getReservationsBuilder()
                    .addGenericResourcesBuilder()
                    .getNamedResourceSpecBuilder()
                    .setKind("gpu")
                    .setValue("one")),
        wrong(
            "unknown placement strategy 9", task -> task.getPlacementBuilder().setStrategyValue(9)),
        wrong(
            "Healthcheck: unknown kind of test 'PING'",
            task -> container(task).getHealthcheckBuilder().addTest("PING")),
        wrong(
            "unknown restart condition 77",
            task -> task.getRestartPolicyBuilder().setConditionValue(77)),
        wrong(
            "invalid cpu limit 1.0E-5: must be at least 0.001",
            task -> task.getResourcesBuilder().getLimitsBuilder().setNanoCpus(10_000)),
        wrong(
            "invalid memory reservation of 1024 bytes: must be at least 4MiB",
            task -> task.getResourcesBuilder().getReservationsBuilder().setMemoryBytes(1_024)),
        wrong(
            "cpu limit 0.5 is below the reservation of 1.0",
            task -> {
              task.getResourcesBuilder().getLimitsBuilder().setNanoCpus(500_000_000);
              task.getResourcesBuilder().getReservationsBuilder().setNanoCpus(1_000_000_000);
            }),
        wrong(
            "memory limit of 4194304 bytes is below the reservation of 8388608 bytes",
            task -> {
              task.getResourcesBuilder().getLimitsBuilder().setMemoryBytes(4 << 20);
              task.getResourcesBuilder().getReservationsBuilder().setMemoryBytes(8 << 20);
            }),
        wrong(
            "invalid pids limit -1",
            task -> task.getResourcesBuilder().getLimitsBuilder().setPids(-1)),
        wrong(
            "constraint 'node.role=manager' has the unknown operator '='",
            task -> task.getPlacementBuilder().addConstraints("node.role=manager")),
        wrong(
            "invalid placement preference spread 'zone'",
            task ->
                task.getPlacementBuilder()
                    .addPreferencesBuilder()
                    .setSpread(SpreadPreference.newBuilder().setSpreadDescriptor("zone"))),
        wrong("label key ''", task -> container(task).putLabels("", "x")));
  }

  @ParameterizedTest
  @MethodSource("wrongTasks")
  void aTaskTemplateThatCannotRunIsRefusedWithItsOffendingValue(
      String message, Consumer<TaskSpec.Builder> change) {
    var spec = Specs.web().toBuilder();
    change.accept(spec.getTaskTemplateBuilder());
    assertThat(refusal(spec.build())).contains(message);
  }

  @Test
  void theValueOfARefusedVariableIsNotShown() {
    var spec = Specs.web().toBuilder();
    container(spec.getTaskTemplateBuilder()).addEnv("=hunter2");
    assertThat(refusal(spec.build())).doesNotContain("hunter2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nginx",
        "nginx:1.27",
        "library/nginx",
        "registry.example:5000/team/app:v1",
        "docker.io/library/redis@sha256:"
            + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      })
  void imagesAreReferences(String image) throws Rejection {
    RULES.check(withImage(image));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Nginx", "a b", "nginx:", "nginx@sha256:12", "-x"})
  void whatIsNoReferenceIsNoImage(String image) {
    assertThat(refusal(withImage(image)))
        .containsAnyOf("is not a valid repository/tag", "image reference must be provided");
  }

  static Stream<Arguments> wrongPorts() {
    return Stream.of(
        Arguments.of("invalid target port 0", new PortConfig[] {ingress(80, 0)}),
        Arguments.of("invalid target port 65536", new PortConfig[] {ingress(80, 65_536)}),
        Arguments.of("invalid published port 70000", new PortConfig[] {ingress(70_000, 80)}),
        Arguments.of("invalid published port 4294967295", new PortConfig[] {ingress(-1, 80)}),
        Arguments.of(
            "duplicate published ports provided: 80/tcp",
            new PortConfig[] {ingress(80, 80), ingress(80, 81)}),
        Arguments.of(
            "duplicate published ports provided: 80/tcp",
            new PortConfig[] {ingress(80, 80), host(80, 81)}),
        Arguments.of(
            "unknown protocol 9",
            new PortConfig[] {ingress(80, 80).toBuilder().setProtocolValue(9).build()}),
        Arguments.of(
            "unknown publish mode 9",
            new PortConfig[] {ingress(80, 80).toBuilder().setPublishModeValue(9).build()}));
  }

  @ParameterizedTest
  @MethodSource("wrongPorts")
  void portsThatCannotBeOpenedAreRefused(String message, PortConfig[] ports) {
    assertThat(refusal(publishing("web", ports))).contains(message);
  }

  @Test
  void onePortOfEachProtocolAndManyChosenOnesAreFine() throws Rejection {
    RULES.check(
        publishing("web", ingress(80, 80), udp(ingress(80, 80)), ingress(0, 81), ingress(0, 82)));
  }

  @Test
  void dnsrrAllowsHostPortsOnly() throws Rejection {
    RULES.check(dnsrr(publishing("web", host(80, 80))));
    assertThat(refusal(dnsrr(publishing("web", ingress(80, 80)))))
        .contains("port 80 published with ingress mode can't be used with dnsrr mode");
  }

  @Test
  void updatesHaveSaneNumbers() {
    var ratio = Specs.web().toBuilder();
    ratio.getUpdateConfigBuilder().setMaxFailureRatio(1.5);
    assertThat(refusal(ratio.build())).contains("update-max-failure-ratio 1.5");
    var notANumber = Specs.web().toBuilder();
    notANumber.getRollbackConfigBuilder().setMaxFailureRatio(Double.NaN);
    assertThat(refusal(notANumber.build())).contains("rollback-max-failure-ratio NaN");
    var delay = Specs.web().toBuilder();
    delay.getUpdateConfigBuilder().setDelay(seconds(-1));
    assertThat(refusal(delay.build())).contains("update-delay cannot be negative");
  }

  @Test
  void aRolloutHasADeadlineAndOnlyAnUpdateHasCanaries() throws Rejection {
    var deadline = Specs.web().toBuilder();
    deadline.getUpdateConfigBuilder().setProgressDeadline(seconds(1)).setCanary(2);
    RULES.check(deadline.build());
    deadline.getUpdateConfigBuilder().setProgressDeadline(seconds(0));
    assertThat(refusal(deadline.build()))
        .contains("update-progress-deadline of 0s is shorter than 1s");
    var rollback = Specs.web().toBuilder();
    rollback.getRollbackConfigBuilder().setCanary(2);
    assertThat(refusal(rollback.build())).contains("a rollback has no canaries").contains("got 2");
  }

  @Test
  void aBudgetOfZeroNeedsStartFirstBothWays() throws Rejection {
    var spec = Specs.web().toBuilder().setMaxUnavailable(1);
    RULES.check(spec.build());
    spec.setMaxUnavailable(0);
    spec.getUpdateConfigBuilder().setOrder(UpdateOrder.UPDATE_ORDER_START_FIRST);
    assertThat(refusal(spec.build())).contains("--rollback-order start-first");
    spec.getRollbackConfigBuilder().setOrder(UpdateOrder.UPDATE_ORDER_START_FIRST);
    RULES.check(spec.build());
    assertThat(refusal(spec.setMaxUnavailable(1_001).build()))
        .isEqualTo("max-unavailable 1001 must be between 0 and 1000");
  }

  @Test
  void aJobHasCountsFromOneAndNothingOfARollout() throws Rejection {
    var job = Specs.web().toBuilder();
    job.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(1_000).setMaxConcurrent(1);
    RULES.check(job.build());
    assertThat(refusal(job.clone().setMaxUnavailable(1).build()))
        .contains("max-unavailable is not supported for jobs");
    assertThat(refusal(job.clone().setUpdateConfig(UpdateConfig.getDefaultInstance()).build()))
        .contains("update and rollback configuration is not supported for jobs");
    job.getModeBuilder().getReplicatedJobBuilder().setMaxConcurrent(0);
    assertThat(refusal(job.build()))
        .isEqualTo("max-concurrent 0 of a job must be between 1 and 1000");
    job.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(1_001);
    assertThat(refusal(job.build())).contains("replicas 1001 of a job");
  }

  @Test
  void aScheduleIsAJobsAndMustBeUnderstood() throws Rejection {
    var job = Specs.web().toBuilder();
    job.getScheduleBuilder().setExpression("*/5 * * * *").setTimezone("Europe/Berlin");
    assertThat(refusal(job.build()))
        .contains("only jobs have a schedule: web is replicated", "replicated-job or global-job");
    job.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(0);
    RULES.check(job.build());
    assertThat(refusal(job.clone().clearSchedule().build())).contains("replicas 0 of a job");
    assertThat(refusal(expression(job, "*/5 * 32 * *")))
        .contains("\"32\", the day of the month of schedule", "Value 32 is out of range", "1-31");
    assertThat(refusal(expression(job, "0 0 30 FEB *"))).contains("never comes");
    job.getScheduleBuilder().setTimezone("Mars/Olympus");
    assertThat(refusal(job.build())).contains("unknown time zone \"Mars/Olympus\"");
  }

  private static ServiceSpec expression(ServiceSpec.Builder job, String expression) {
    var changed = job.clone();
    changed.getScheduleBuilder().setExpression(expression);
    return changed.build();
  }

  @Test
  void aSpecOf64KiBIsTheLargest() {
    var spec = Specs.web().toBuilder();
    for (var i = 0; i < 20; i++) {
      spec.putLabels("label" + i, "x".repeat(4_000));
    }
    assertThatThrownBy(() -> RULES.check(spec.build()))
        .isInstanceOfSatisfying(
            Rejection.class,
            rejection -> assertThat(rejection.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
  }

  private static Arguments wrong(String message, Consumer<TaskSpec.Builder> change) {
    return Arguments.of(message, change);
  }

  private static ContainerSpec.Builder container(TaskSpec.Builder task) {
    return task.getContainerSpecBuilder();
  }

  private static Duration seconds(long seconds) {
    return Duration.newBuilder().setSeconds(seconds).build();
  }

  private static ServiceSpec replicas(long replicas) {
    var spec = Specs.web().toBuilder();
    spec.getModeBuilder().getReplicatedBuilder().setReplicas(replicas);
    return spec.build();
  }

  private static ServiceSpec withImage(String image) {
    var spec = Specs.web().toBuilder();
    spec.getTaskTemplateBuilder().clearRuntime().getContainerSpecBuilder().setImage(image);
    return spec.build();
  }

  private static ServiceSpec dnsrr(ServiceSpec spec) {
    var changed = spec.toBuilder();
    changed.getEndpointSpecBuilder().setMode(EndpointMode.ENDPOINT_MODE_DNSRR);
    return changed.build();
  }

  private static String refusal(ServiceSpec spec) {
    try {
      RULES.check(spec);
      return "accepted";
    } catch (Rejection rejection) {
      return String.valueOf(rejection.getMessage());
    }
  }
}
