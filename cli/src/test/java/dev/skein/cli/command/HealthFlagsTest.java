package dev.skein.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the options about health, restarts and placement write into a service's specification.
class HealthFlagsTest {
  private CommandLineFixture skein;

  @BeforeEach
  void start() throws IOException {
    skein = new CommandLineFixture();
  }

  @AfterEach
  void stop() throws IOException {
    skein.close();
  }

  private String created(String... flags) {
    skein.on("POST /services/create", "{\"ID\":\"s1\"}");
    List<String> words = new ArrayList<>(List.of("service", "create", "--detach"));
    words.addAll(List.of(flags));
    words.add("nginx");
    assertThat(skein.run(words.toArray(String[]::new)).err()).isEmpty();
    return skein.body("POST");
  }

  private String updated(String template, String... flags) {
    skein
        .on(
            "GET /services/web",
            "{\"ID\":\"s1\",\"Version\":{\"Index\":7},\"Spec\":{\"Name\":\"web\","
                + "\"TaskTemplate\":"
                + template
                + "}}")
        .on("POST /services/s1/update", "{}");
    List<String> words = new ArrayList<>(List.of("service", "update", "--detach"));
    words.addAll(List.of(flags));
    words.add("web");
    assertThat(skein.run(words.toArray(String[]::new)).err()).isEmpty();
    return skein.body("POST");
  }

  private String refused(String... words) {
    var result = skein.run(words);
    assertThat(result.code()).isNotZero();
    return result.err();
  }

  @Test
  void eachKindOfTestIsWrittenAsTheApiHasIt() {
    assertThat(created("--health-cmd", "curl -f x || exit 1", "--health-interval", "2s"))
        .contains("\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"curl -f x || exit 1\"],")
        .contains("\"Interval\":2000000000");
    assertThat(created("--health-http", "8080/health"))
        .contains("\"Test\":[\"HTTP\",\"/health\",\"8080\"]");
    assertThat(created("--health-http", "/")).contains("\"Test\":[\"HTTP\",\"/\"]");
    assertThat(created("--health-tcp", "5432")).contains("\"Test\":[\"TCP\",\"5432\"]");
    assertThat(created("--no-healthcheck")).contains("\"Test\":[\"NONE\"]");
    assertThat(
            created(
                "--health-tcp",
                "1",
                "--health-timeout",
                "1s",
                "--health-retries",
                "5",
                "--health-start-period",
                "3s",
                "--health-start-interval",
                "4s"))
        .contains("\"Timeout\":1000000000,\"Retries\":5,\"StartPeriod\":3000000000")
        .contains("\"StartInterval\":4000000000");
  }

  @Test
  void anotherTestLeavesTheTimesAsTheyAre() {
    assertThat(
            updated(
                "{\"ContainerSpec\":{\"Healthcheck\":{\"Test\":[\"TCP\"],\"Retries\":9}}}",
                "--health-http",
                "/"))
        .contains("{\"Test\":[\"HTTP\",\"/\"],\"Retries\":9}");
  }

  @Test
  void twoTestsAreRefused() {
    assertThat(refused("service", "create", "--health-tcp", "1", "--no-healthcheck", "nginx"))
        .contains("--health-tcp conflicts with --no-healthcheck");
    assertThat(refused("service", "create", "--health-http", "health", "nginx"))
        .contains("want [PORT]/PATH");
  }

  @Test
  void backOffStrategyAndGenericResourcesAreWritten() {
    assertThat(
            created(
                "--restart-backoff",
                "5m",
                "--placement-strategy",
                "binpack",
                "--generic-resource",
                "gpu=2"))
        .contains("\"MaxDelay\":300000000000")
        .contains("\"Strategy\":\"binpack\"")
        .contains(
            "\"GenericResources\":[{\"DiscreteResourceSpec\":{\"Kind\":\"gpu\",\"Value\":2}}]");
    assertThat(refused("service", "create", "--generic-resource", "gpu=one", "nginx"))
        .contains("want KIND=COUNT");
  }

  @Test
  void genericResourcesAreAddedChangedAndRemoved() {
    String template =
        "{\"Resources\":{\"Reservations\":{\"GenericResources\":["
            + "{\"DiscreteResourceSpec\":{\"Kind\":\"gpu\",\"Value\":1}},"
            + "{\"DiscreteResourceSpec\":{\"Kind\":\"ssd\",\"Value\":1}}]}}}";
    assertThat(updated(template, "--generic-resource-add", "gpu=4", "--generic-resource-rm", "ssd"))
        .contains(
            "\"GenericResources\":[{\"DiscreteResourceSpec\":{\"Kind\":\"gpu\",\"Value\":4}}]");
  }

  @Test
  void theSwarmsStrategyIsChanged() {
    skein
        .on("GET /swarm", "{\"Version\":{\"Index\":3},\"Spec\":{\"Name\":\"default\"}}")
        .on("POST /swarm/update", "");
    assertThat(skein.run("swarm", "update", "--placement-strategy", "binpack").err()).isEmpty();
    assertThat(skein.body("POST"))
        .contains("\"Orchestration\":{\"PlacementStrategy\":\"binpack\"}");
  }

  @Test
  void anExplanationIsPrintedInWordsOrAsJson() {
    skein.on(
        "GET /skein/v1/services/web/explain",
        """
        {"ServiceName":"web","AsDesired":false,
         "Sentences":["Service web is not as desired: 1 of 2 tasks are running."],
         "Slots":[{"Slot":"web.2","Sentence":"web.2 waits for a node.",
           "Refusals":[{"NodeName":"n1","Reason":"the node is down"}]}],
         "SlotsOmitted":3}
        """);
    assertThat(skein.run("service", "explain", "web").out())
        .isEqualTo(
            """
            Service web is not as desired: 1 of 2 tasks are running.

            web.2 waits for a node.
              n1: the node is down

            … and 3 more tasks.
            """);
    assertThat(skein.run("service", "explain", "web", "--format", "{{.AsDesired}}").out())
        .isEqualTo("false\n");
    assertThat(skein.run("service", "explain", "web", "--format", "json").out())
        .startsWith("{\"ServiceName\":\"web\"");
  }
}
