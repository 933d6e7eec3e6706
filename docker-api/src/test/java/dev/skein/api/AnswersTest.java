package dev.skein.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.skein.proto.v1.LocalNodeInfo;
import dev.skein.proto.v1.LocalNodeState;
import dev.skein.proto.v1.LogsResponse;
import dev.skein.state.Times;
import io.grpc.Status;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Statuses, messages and shapes of the answers, over the real socket.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AnswersTest {
  private static final String SPEC =
      """
      {"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"skein/process:1.2","Args":["sleep"]}},
       "Mode":{"Replicated":{}}}
      """;

  private ApiFixture api;
  private HttpClientSocket client;

  @BeforeEach
  void start() throws Exception {
    api = ApiFixture.manager();
    client = api.connect();
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    api.close();
  }

  private String create() throws Exception {
    var answer = client.request("POST", "/services/create", SPEC);
    assertThat(answer.status()).isEqualTo(201);
    return answer.json().getAsJsonObject().get("ID").getAsString();
  }

  @ParameterizedTest
  @CsvSource({
    "/v1.99/nodes, client version 1.99 is too new. Maximum supported API version is 1.47",
    "/v2/nodes, client version 2 is too new. Maximum supported API version is 1.47",
    "'/v1.12/nodes', 'client version 1.12 is too old. Minimum supported API version is 1.24, please"
        + " upgrade your client to a newer version'",
  })
  void anApiVersionThatIsNotSpokenIsRefused(String uri, String message) throws Exception {
    var answer = client.get(uri);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.message()).isEqualTo(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/nodes", "/v1.24/nodes", "/v1.47/nodes", "/v1.44/nodes?unknown=1"})
  void pathsAreAcceptedWithAndWithoutAVersion(String uri) throws Exception {
    assertThat(client.get(uri).json().getAsJsonArray()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/nowhere", "/nodes/", "/nodes/a/b", "/containers/json", "/v1.47", "*"})
  void anUnknownPathIsNotFound(String uri) throws Exception {
    var answer = client.get(uri);
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.headers()).containsEntry("content-type", "application/json");
    assertThat(answer.message()).isEqualTo("page not found");
    assertThat(client.request("PUT", "/nodes", "").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT, 400",
    "FAILED_PRECONDITION, 400",
    "RESOURCE_EXHAUSTED, 400",
    "NOT_FOUND, 404",
    "ALREADY_EXISTS, 409",
    "PERMISSION_DENIED, 403",
    "UNAUTHENTICATED, 401",
    "UNIMPLEMENTED, 501",
    "UNAVAILABLE, 503",
    "INTERNAL, 500",
    "UNKNOWN, 500",
  })
  void aControlStatusBecomesDockersHttpStatusWithItsMessage(Status.Code code, int status)
      throws Exception {
    api.control.refusal = code.toStatus().withDescription("because");
    for (var uri : List.of("/nodes", "/nodes/x", "/events")) {
      var answer = client.get(uri);
      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.message()).isEqualTo("because");
    }
  }

  @Test
  void aStaleUpdateIsAnsweredInDockersWords() throws Exception {
    var id = create();
    var answer = client.request("POST", "/services/" + id + "/update?version=1", SPEC);
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.message())
        .isEqualTo("rpc error: code = Unknown desc = update out of sequence");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "?version=", "?version=x", "?version=-1", "?version=1e3"})
  void anUpdateNeedsTheVersionThatWasSeen(String query) throws Exception {
    for (var uri : List.of("/services/a/update", "/nodes/a/update", "/swarm/update")) {
      var answer = client.request("POST", uri + query, "{}");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.message()).startsWith("invalid ").contains(" version '");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{", "[]", "1", "{} {}", "{\"a\":01}", "{'a':1}", "{\"a\":NaN}", "nonsense"})
  void aBodyThatIsNoJsonObjectIsRefused(String body) throws Exception {
    var answer = client.request("POST", "/services/create", body);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.message()).startsWith("invalid JSON: ").doesNotContain("\n");
  }

  @Test
  void aBodyNestedTooDeepIsRefused() throws Exception {
    var answer = client.request("POST", "/services/create", "{\"a\":".repeat(10_000));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.message()).startsWith("invalid JSON: ");
  }

  @Test
  void aRequestThatTheManagersDoNotAnswerEndsInItsTime() throws Exception {
    var limits = ApiFixture.LIMITS;
    var impatient =
        new ApiLimits(
            limits.maxBodyBytes(),
            limits.maxBodiesBytes(),
            limits.maxConnections(),
            Duration.ofMillis(200),
            limits.requestTimeout(),
            limits.idleTimeout(),
            limits.writeTimeout());
    try (var silent = ApiFixture.manager(impatient);
        var waiting = silent.connect()) {
      silent.control.silent = true;
      for (var uri : List.of("/nodes/x", "/nodes", "/swarm")) {
        var answer = waiting.get(uri);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.message()).contains("too few managers are online");
      }
      // What the node itself knows is told nevertheless.
      var info = waiting.get("/info");
      assertThat(info.status()).isEqualTo(200);
      var swarm = info.json().getAsJsonObject().getAsJsonObject("Swarm");
      assertThat(swarm.get("Error").getAsString()).contains("too few managers are online");
      assertThat(swarm.get("NodeID").getAsString()).isEqualTo(FakeNode.ID);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "LOCAL_NODE_STATE_INACTIVE, skein swarm init",
    "LOCAL_NODE_STATE_ACTIVE, Worker nodes can't be used",
    "LOCAL_NODE_STATE_LOCKED, needs to be unlocked",
    "LOCAL_NODE_STATE_PENDING, try again",
    "LOCAL_NODE_STATE_ERROR, disk full",
  })
  void whatNeedsAManagerSaysWhatThisNodeIs(LocalNodeState state, String words) throws Exception {
    api.node.info =
        LocalNodeInfo.newBuilder().setLocalNodeState(state).setError("disk full").build();
    for (var uri :
        List.of("/nodes", "/services", "/tasks", "/swarm", "/swarm/unlockkey", "/events")) {
      var answer = client.get(uri);
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.message()).contains(words);
    }
    assertThat(client.get("/info").status()).isEqualTo(200);
    assertThat(client.get("/version").status()).isEqualTo(200);
  }

  @Test
  void initAnswersABareString() throws Exception {
    api.node.leave(true);
    var answer =
        client.request(
            "POST", "/swarm/init", "{\"ListenAddr\":\"0.0.0.0:2377\",\"SubnetSize\":24}");
    assertThat(answer.body().strip()).isEqualTo("\"" + FakeNode.ID + "\"");
    assertThat(client.request("POST", "/swarm/init", "{}").status()).isEqualTo(503);
    assertThat(client.request("POST", "/swarm/unlock", "{\"UnlockKey\":\"k\"}").status())
        .isEqualTo(409);
  }

  @Test
  void joinNeedsAnAddressAndAToken() throws Exception {
    assertThat(client.request("POST", "/swarm/join", "{}").message())
        .startsWith("RemoteAddrs is empty");
    assertThat(client.request("POST", "/swarm/join", "{\"RemoteAddrs\":[\"a:1\"]}").message())
        .startsWith("JoinToken is empty");
  }

  @Test
  void theSwarmIsShownWithItsTokensAndInfoWithoutThem() throws Exception {
    var swarm = client.get("/swarm").json().getAsJsonObject();
    assertThat(swarm.getAsJsonObject("JoinTokens").get("Worker").getAsString())
        .isEqualTo("SWMTKN-1-digest-worker");
    assertThat(swarm.getAsJsonObject("Version").get("Index").getAsInt()).isEqualTo(3);
    assertThat(swarm.keySet())
        .contains("TLSInfo", "RootRotationInProgress", "DefaultAddrPool", "DataPathPort");
    assertThat(client.get("/info").body()).contains("clusterxxx").doesNotContain("SWMTKN");
  }

  @Test
  void aServiceHasItsDefaultsOnlyWhenAsked() throws Exception {
    var id = create();
    var plain = spec(client.get("/services/" + id + "?insertDefaults=false"));
    assertThat(plain.keySet()).doesNotContain("UpdateConfig", "RollbackConfig");
    var task = plain.getAsJsonObject("TaskTemplate");
    assertThat(task.has("RestartPolicy")).isFalse();
    // Hidden, because Docker's client sends back only what it takes for a container.
    assertThat(task.has("Runtime")).isFalse();
    assertThat(task.getAsJsonObject("ContainerSpec").get("Image").getAsString())
        .isEqualTo("skein/process");
    assertThat(plain.getAsJsonObject("Mode").getAsJsonObject("Replicated").get("Replicas"))
        .hasToString("1");

    var full = spec(client.get("/services/web?insertDefaults=true"));
    assertThat(full.getAsJsonObject("UpdateConfig"))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"Parallelism":1,"Delay":0,"FailureAction":"pause","Monitor":5000000000,
                 "MaxFailureRatio":0.0,"Order":"stop-first","ProgressDeadline":600000000000}
                """));
    var fullTask = full.getAsJsonObject("TaskTemplate");
    assertThat(fullTask.getAsJsonObject("RestartPolicy").get("Delay")).hasToString("5000000000");
    assertThat(fullTask.getAsJsonObject("ContainerSpec").get("StopGracePeriod"))
        .hasToString("10000000000");
    assertThat(api.control.spec(id).hasUpdateConfig()).isFalse();
  }

  @Test
  void aHealthCheckHasItsDefaultsWhenAsked() throws Exception {
    var created =
        client.request(
            "POST",
            "/services/create",
            """
            {"Name":"checked","TaskTemplate":{"ContainerSpec":{"Image":"skein/process",
             "Command":["true"],"Healthcheck":{"Test":["CMD-SHELL","true"],"Retries":7}}}}
            """);
    assertThat(created.status()).isEqualTo(201);
    assertThat(healthcheck("false"))
        .isEqualTo(JsonParser.parseString("{\"Test\":[\"CMD-SHELL\",\"true\"],\"Retries\":7}"));
    assertThat(healthcheck("true"))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"Test":["CMD-SHELL","true"],"Interval":30000000000,"Timeout":30000000000,
                 "Retries":7,"StartPeriod":0,"StartInterval":5000000000}
                """));
  }

  private JsonElement healthcheck(String insertDefaults) throws Exception {
    return spec(client.get("/services/checked?insertDefaults=" + insertDefaults))
        .getAsJsonObject("TaskTemplate")
        .getAsJsonObject("ContainerSpec")
        .get("Healthcheck");
  }

  @Test
  void whoFollowsAJobAsDockersClientDoesFindsItsSlotsFromZeroOn() throws Exception {
    client.request(
        "POST",
        "/services/create",
        """
        {"Name":"job","Mode":{"ReplicatedJob":{"TotalCompletions":2}},
         "TaskTemplate":{"ContainerSpec":{"Image":"skein/process","Command":["true"]}}}
        """);
    assertThat(slots("/tasks")).containsExactly(1, 2);
    assertThat(slots("/tasks?filters=%7B%22_up-to-date%22:%5B%22true%22%5D%7D"))
        .containsExactly(0, 1);
  }

  private List<Integer> slots(String target) throws Exception {
    var slots = new ArrayList<Integer>();
    for (var task : client.get(target).json().getAsJsonArray()) {
      var slot = task.getAsJsonObject().get("Slot");
      slots.add(slot == null ? 0 : slot.getAsInt());
    }
    return slots;
  }

  private static JsonObject spec(HttpClientSocket.Answer answer) {
    return answer.json().getAsJsonObject().getAsJsonObject("Spec");
  }

  @Test
  void aTaskIsShownWithTheSpecItRuns() throws Exception {
    var id = create();
    var task = client.get("/tasks").json().getAsJsonArray().get(0).getAsJsonObject();
    assertThat(task.get("ServiceID").getAsString()).isEqualTo(id);
    assertThat(task.get("Slot").getAsInt()).isEqualTo(1);
    assertThat(task.get("NodeID").getAsString()).isEqualTo(FakeNode.ID);
    assertThat(task.get("DesiredState").getAsString()).isEqualTo("running");
    assertThat(task.getAsJsonObject("Spec").getAsJsonObject("ContainerSpec").get("Image"))
        .hasToString("\"skein/process\"");
    var status = task.getAsJsonObject("Status");
    assertThat(status.get("State").getAsString()).isEqualTo("running");
    assertThat(status.getAsJsonObject("ContainerStatus"))
        .isEqualTo(JsonParser.parseString("{\"ContainerID\":\"\",\"PID\":4711,\"ExitCode\":0}"));
    assertThat(task.getAsJsonArray("NetworksAttachments")).isEmpty();
    assertThat(client.get("/tasks/" + task.get("ID").getAsString()).json()).isEqualTo(task);
    assertThat(client.get("/tasks/nothing").message()).isEqualTo("task nothing not found");
  }

  @Test
  void bothFormsOfFiltersAreRead() throws Exception {
    create();
    for (var filters :
        List.of("{\"name\":{\"we\":true}}", "{\"name\":[\"we\"]}", "{\"name\":{\"x\":false}}")) {
      assertThat(services(filters).json().getAsJsonArray()).hasSize(1);
    }
    assertThat(services("{\"name\":[\"x\"]}").json().getAsJsonArray()).isEmpty();
    assertThat(services("{\"foo\":[\"x\"]}").message()).isEqualTo("invalid filter 'foo'");
    for (var malformed : List.of("[]", "{", "{\"name\":1}", "{\"name\":[[]]}")) {
      var answer = services(malformed);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.message()).startsWith("invalid filter");
    }
  }

  private HttpClientSocket.Answer services(String filters) throws Exception {
    return client.get("/services?filters=" + URLEncoder.encode(filters, StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'Image':'nginx'} | process | the runtime process has no images, got nginx",
        "{'Image':'skein/process'} | container | the image skein/process runs as process",
      })
  void runtimeAndImageMustAgree(String container, String runtime, String words) throws Exception {
    var body =
        "{\"Name\":\"a\",\"TaskTemplate\":{\"Runtime\":\""
            + runtime
            + "\",\"ContainerSpec\":"
            + container.replace('\'', '"')
            + "}}";
    var answer = client.request("POST", "/services/create", body);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.message()).contains(words);
  }

  @Test
  void logsAreFramedWithTheirDetails() throws Exception {
    create();
    api.control.logs =
        List.of(
            FakeControl.line("out"),
            LogsResponse.newBuilder().setWarning("node m2 is down").build());
    var answer = client.get("/v1.47/services/web/logs?stdout=1&details=1&timestamps=1");
    assertThat(answer.headers())
        .containsEntry("content-type", "application/vnd.docker.multiplexed-stream");
    var line =
        "2023-11-14T22:13:20Z com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s1,"
            + "com.docker.swarm.task.id=t1 out\n";
    assertThat(answer.body())
        .startsWith("\u0001\0\0\0\0\0\0" + (char) line.length() + line)
        .endsWith("incomplete log stream: node m2 is down\n");
    assertThat(client.get("/services/web/logs?stdout=1&details=1&names=1").body())
        .contains("com.docker.swarm.task.id=t1,com.docker.swarm.task.name=web.1 out\n");
    assertThat(client.get("/v1.41/services/web/logs?stderr=1").headers())
        .containsEntry("content-type", "application/vnd.docker.raw-stream");
    assertThat(client.get("/services/web/logs?stdout=1&warnings=1").body())
        .endsWith("\u0003\0\0\0\0\0\0\u0010node m2 is down\n");
  }

  @ParameterizedTest
  @CsvSource({
    "'', 'Bad parameters: you must choose at least one stream'",
    "'stdout=1&tail=x', 'invalid ''tail'' value ''x'', expected a number of lines or all'",
    "'stdout=1&since=now', 'invalid ''since'' time ''now'', expected seconds since 1970'",
  })
  void badLogOptionsAreRefused(String query, String message) throws Exception {
    var answer = client.get("/services/web/logs?" + query);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.message()).isEqualTo(message);
  }

  @Test
  void logsOfNothingAreNotFoundBeforeAnyByte() throws Exception {
    var answer = client.get("/services/nothing/logs?stdout=1");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.message()).isEqualTo("service nothing not found");
  }

  @Test
  void fractionsOfSecondsAreKept() throws Exception {
    assertThat(client.get("/events?since=1700000000.5&until=1700000001&afterIndex=7").headers())
        .containsEntry("content-type", "application/json");
    assertThat(Times.instant(api.control.lastEvents.getSince()))
        .isEqualTo(Instant.parse("2023-11-14T22:13:20.500Z"));
    assertThat(api.control.lastEvents.getUntil().getSeconds()).isEqualTo(1_700_000_001);
    assertThat(api.control.lastEvents.getAfterIndex()).isEqualTo(7);
  }

  @Test
  void warmingUpChangesNothing() throws Exception {
    var before = client.get("/nodes").body();
    api.api.warmUp();
    assertThat(client.get("/nodes").body()).isEqualTo(before);
    api.node.leave(true);
    api.api.warmUp();
    assertThat(client.get("/info").status()).isEqualTo(200);
  }

  @Test
  void theNodeTellsWhatItCanAndCannotDo() throws Exception {
    var node = client.get("/skein/v1/node").json().getAsJsonObject();
    assertThat(node.getAsJsonObject("Description").getAsJsonArray("Capabilities").get(1))
        .isEqualTo(
            JsonParser.parseString(
                "{\"Name\":\"memory limits\",\"Reason\":\"needs root for cgroups\"}"));
    assertThat(node.getAsJsonObject("Memory").get("ResidentBytes").getAsLong()).isPositive();
    assertThat(node.get("Version").getAsString()).isEqualTo("0.1.0");
  }
}
