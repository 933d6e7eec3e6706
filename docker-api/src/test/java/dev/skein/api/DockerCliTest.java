package dev.skein.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.skein.proto.v1.Event;
import dev.skein.proto.v1.LogsResponse;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Docker's unmodified CLI drives the API.
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DockerCliTest {
  private ApiFixture api;
  private DockerCli docker;

  @BeforeEach
  void start() throws Exception {
    api = ApiFixture.manager();
    docker = new DockerCli(api.socket);
  }

  @AfterEach
  void stop() throws Exception {
    api.close();
  }

  @Test
  void versionAndInfoAreShownWithoutErrors() throws Exception {
    assertThat(docker.ok("version")).contains("Server: Skein", "API version:", "0.1.0");
    var info = docker.run("info");
    assertThat(info.exitCode()).isZero();
    assertThat(info.out())
        .contains("Name: m1", "Swarm: active", "Is Manager: true", "Managers: 1", "Nodes: 1")
        .doesNotContain("ERROR");
    assertThat(info.err()).contains("no memory limits: needs root for cgroups");
  }

  @Test
  void aSwarmIsMadeJoinedAndLeft() throws Exception {
    assertThat(docker.fails("swarm", "leave")).contains("manager");
    docker.ok("swarm", "leave", "--force");
    assertThat(docker.fails("node", "ls")).contains("This node is not a swarm manager. Use");
    assertThat(docker.ok("swarm", "init", "--advertise-addr", "127.0.0.1", "--cert-expiry", "48h"))
        .contains(
            "Swarm initialized: current node (" + FakeNode.ID + ") is now a manager",
            "docker swarm join --token SWMTKN-1-digest-worker 127.0.0.1:2377");
    assertThat(api.node.lastInit.getAdvertiseAddr()).isEqualTo("127.0.0.1");
    assertThat(api.node.lastInit.getSpec().getCaConfig().getNodeCertExpiry().getSeconds())
        .isEqualTo(48 * 3600);
    docker.ok("swarm", "leave", "--force");
    assertThat(docker.fails("swarm", "join", "--token", "wrong", "127.0.0.1:2377"))
        .contains("invalid join token");
    assertThat(docker.ok("swarm", "join", "--token", "SWMTKN-1-a-b", "127.0.0.1:2377"))
        .contains("This node joined a swarm as a worker.");
    assertThat(api.node.lastJoin.getRemoteAddrsList()).containsExactly("127.0.0.1:2377");
    assertThat(docker.fails("node", "ls")).contains("Worker nodes can't be used");
  }

  @Test
  void joinTokensAreShownAndRotated() throws Exception {
    assertThat(docker.ok("swarm", "join-token", "-q", "manager"))
        .isEqualTo("SWMTKN-1-digest-manager");
    assertThat(docker.ok("swarm", "join-token", "--rotate", "-q", "worker"))
        .isEqualTo("SWMTKN-1-digest-rotated");
    assertThat(docker.ok("swarm", "update", "--task-history-limit", "3"))
        .contains("Swarm updated.");
    assertThat(api.control.cluster.getSpec().getOrchestration().getTaskHistoryRetentionLimit())
        .isEqualTo(3);
    assertThat(docker.fails("swarm", "update", "--autolock=true"))
        .contains("locking managers is not supported yet");
    assertThat(docker.run("swarm", "unlock-key").err()).contains("no unlock key is set");
  }

  @Test
  void nodesAreListedInspectedAndChanged() throws Exception {
    assertThat(docker.ok("node", "ls")).contains(FakeNode.ID + " *", "m1", "Ready", "Leader");
    assertThat(docker.ok("node", "inspect", "--pretty", "self"))
        .contains("Hostname:", "m1", "Address:", "127.0.0.1:2377");
    docker.ok("node", "update", "--availability", "drain", "--label-add", "zone=a", "m1");
    assertThat(docker.ok("node", "inspect", "-f", "{{.Spec.Availability}} {{.Spec.Labels}}", "m1"))
        .isEqualTo("drain map[zone:a]");
    docker.ok("node", "demote", "m1");
    assertThat(docker.ok("node", "inspect", "-f", "{{.Spec.Role}}", "m1")).isEqualTo("worker");
    assertThat(docker.fails("node", "rm", "m1")).contains("is a manager: demote it first");
    assertThat(docker.fails("node", "inspect", "nowhere")).contains("node nowhere not found");
  }

  @Test
  void aProcessServiceIsCreatedWatchedScaledUpdatedAndRemoved() throws Exception {
    var created =
        docker.ok(
            "service",
            "create",
            "--name",
            "web",
            "--replicas",
            "2",
            "--publish",
            "8080:80",
            "--update-monitor",
            "100ms",
            "--restart-max-attempts",
            "3",
            "--env",
            "A=b",
            "--quiet",
            "skein/process",
            "sleep",
            "100");
    var spec = api.control.spec(created);
    var task = spec.getTaskTemplate();
    assertThat(task.getRuntime()).isEqualTo("process");
    assertThat(task.getContainerSpec().getImage()).isEqualTo("skein/process");
    assertThat(task.getContainerSpec().getArgsList()).containsExactly("sleep", "100");
    assertThat(spec.getEndpointSpec().getPorts(0).getPublishedPort()).isEqualTo(8080);

    assertThat(docker.ok("service", "ls")).contains("web", "replicated", "2/2", "skein/process");
    assertThat(docker.ok("service", "ps", "web"))
        .contains("web.1", "web.2", "m1", "Running", "skein/process");
    assertThat(docker.ok("node", "ps", "self")).contains("web.1");
    assertThat(docker.ok("service", "inspect", "--pretty", "web"))
        .contains("Name:", "web", "Replicas:", "PublishedPort = 8080");
    assertThat(docker.ok("service", "scale", "-d", "web=3")).contains("web scaled to 3");
    docker.ok("service", "update", "-d", "--env-add", "C=d", "--args", "sleep 200", "web");
    assertThat(api.control.spec(created).getTaskTemplate().getContainerSpec())
        .satisfies(
            updated -> {
              assertThat(updated.getEnvList()).containsExactlyInAnyOrder("A=b", "C=d");
              assertThat(updated.getArgsList()).containsExactly("sleep", "200");
            });
    docker.ok("service", "rollback", "-d", "web");
    assertThat(api.control.spec(created).getTaskTemplate().getContainerSpec().getEnvList())
        .containsExactly("A=b");
    assertThat(docker.ok("service", "rm", "web")).isEqualTo("web");
    assertThat(docker.fails("service", "inspect", "web")).contains("no such service: web");
  }

  @Test
  void anUnnamedServiceGetsAName() throws Exception {
    api.control.serviceNameCollisions = 2;
    var id = docker.ok("service", "create", "-d", "-q", "skein/process", "true");
    assertThat(api.control.spec(id).getName()).matches("[a-z]+-[a-z]+");
  }

  @Test
  void whatIsNotSupportedYetIsRefusedByName() throws Exception {
    assertThat(
            docker.fails(
                "service",
                "create",
                "-d",
                "--mount",
                "type=volume,target=/x",
                "--name",
                "a",
                "skein/process",
                "true"))
        .contains("TaskTemplate.ContainerSpec.Mounts is not supported yet");
    assertThat(
            docker.fails("service", "create", "-d", "--network", "front", "skein/process", "true"))
        .contains("network front not found");
    var key = Files.writeString(api.directory.resolve("key"), "hidden").toString();
    assertThat(docker.fails("secret", "create", "key", key))
        .contains("secrets are not supported yet");
    assertThat(docker.ok("secret", "ls", "-q")).isEmpty();
    assertThat(docker.ok("config", "ls", "-q")).isEmpty();
    assertThat(docker.ok("network", "ls", "-q")).isEmpty();
    assertThat(docker.fails("ps")).contains("page not found");
  }

  @Test
  void logsAreReadWithTheirTasks() throws Exception {
    docker.ok("service", "create", "-d", "--name", "web", "skein/process", "true");
    var id = api.control.services.keySet().iterator().next();
    var line = FakeControl.line("hello").getLines(0).toBuilder();
    line.setTaskId("tsk1" + id.substring(3)).setNodeId(FakeNode.ID).setServiceId(id);
    api.control.logs = List.of(LogsResponse.newBuilder().addLines(line).build());
    assertThat(docker.ok("service", "logs", "--timestamps", "web"))
        .contains("2023-11-14T22:13:20Z", "web.1.", "@m1", "| hello");
    assertThat(docker.ok("service", "logs", "--raw", "--tail", "5", "web")).isEqualTo("hello");
    assertThat(api.control.lastLogs.getOptions().getTail()).isEqualTo(5);
    api.control.logs =
        List.of(
            FakeControl.line("a"), LogsResponse.newBuilder().setWarning("node m2 is down").build());
    var partial = docker.run("service", "logs", "--raw", "web");
    assertThat(partial.out()).isEqualTo("a\n");
    assertThat(partial.err()).contains("incomplete log stream: node m2 is down");
  }

  @Test
  void eventsAreFollowedAsTheyHappen() throws Exception {
    var process = docker.start("events", "--filter", "type=service", "--format", "{{json .}}");
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      var event =
          Event.newBuilder()
              .setType("service")
              .setAction("create")
              .setActorId("s1")
              .putAttributes("name", "web")
              .setIndex(12);
      event.getTimeBuilder().setSeconds(1_700_000_000);
      while (!api.control.emit(event.build())) {
        Thread.onSpinWait();
      }
      var json = JsonParser.parseString(lines.readLine()).getAsJsonObject();
      assertThat(json.get("Type").getAsString()).isEqualTo("service");
      assertThat(json.getAsJsonObject("Actor").getAsJsonObject("Attributes").get("name"))
          .hasToString("\"web\"");
      assertThat(api.control.lastEvents.getFilters(0).getName()).isEqualTo("type");
    } finally {
      process.destroy();
    }
  }
}
