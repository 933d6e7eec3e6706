package dev.skein.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.skein.manager.Bootstrap;
import dev.skein.manager.ca.RootAuthority;
import dev.skein.manager.control.Admission;
import dev.skein.manager.control.ControlService;
import dev.skein.manager.control.EventLog;
import dev.skein.manager.control.Mutations;
import dev.skein.manager.control.SpecLimits;
import dev.skein.manager.stats.ClusterStats;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.ManagerStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ChangeSets;
import dev.skein.state.IdSource;
import dev.skein.state.InMemoryStore;
import dev.skein.state.SnapshotCodec;
import io.grpc.Status;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Docker's CLI, the API and the managers' own control API over the replicated state.
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RealControlTest {
  private final InMemoryStore store = new InMemoryStore();
  private final EventLog events = new EventLog(store, InstantSource.system());
  private ApiFixture api;
  private DockerCli docker;

  @BeforeEach
  void start() throws Exception {
    var random = new SecureRandom();
    var admission = new Admission(SpecLimits.DEFAULT, List::of, random);
    var control =
        new ControlService(
            store,
            new Mutations(store, admission, InstantSource.system()),
            List::of,
            nodeId -> CompletableFuture.allOf(),
            events,
            (request, observer) ->
                observer.onError(
                    Status.UNIMPLEMENTED.withDescription("no logs here").asException()),
            new ClusterStats(InstantSource.system()),
            new IdSource(new Random(3)),
            InstantSource.system(),
            task -> Thread.ofVirtual().start(task));
    api = ApiFixture.over(control);
    docker = new DockerCli(api.socket);
    store.commit(
        Bootstrap.create(
            "clusterxxxxxxxxxxxxxxxxxx",
            ClusterSpec.getDefaultInstance(),
            RootAuthority.create(Instant.now(), random),
            Node.newBuilder()
                .setId(FakeNode.ID)
                .setSpec(
                    NodeSpec.newBuilder()
                        .setRole(NodeRole.NODE_ROLE_MANAGER)
                        .setAvailability(NodeAvailability.NODE_AVAILABILITY_ACTIVE))
                .setDescription(api.node.description())
                .setStatus(NodeStatus.newBuilder().setState(NodeState.NODE_STATE_READY))
                .setManagerStatus(
                    ManagerStatus.newBuilder().setAddr("127.0.0.1:2377").setRaftId("r1"))
                .build(),
            Instant.now(),
            random));
    api.node.becomeManager();
  }

  @AfterEach
  void stop() throws Exception {
    api.close();
    events.close();
  }

  @Test
  void theSwarmIsShownAndItsTokensRotated() throws Exception {
    var token = docker.ok("swarm", "join-token", "-q", "worker");
    assertThat(token).startsWith("SWMTKN-1-");
    assertThat(docker.ok("swarm", "join-token", "--rotate", "-q", "worker"))
        .startsWith("SWMTKN-1-")
        .isNotEqualTo(token);
    assertThat(docker.ok("swarm", "update", "--dispatcher-heartbeat", "3s"))
        .contains("Swarm updated.");
    assertThat(docker.ok("info", "-f", "{{.Swarm.Cluster.Spec.Dispatcher.HeartbeatPeriod}}"))
        .isEqualTo("3s");
    assertThat(docker.ok("swarm", "ca")).contains("BEGIN CERTIFICATE");
    assertThat(docker.ok("info", "-f", "{{len .Swarm.Cluster.TLSInfo.CertIssuerPublicKey}}"))
        .isEqualTo("91");
  }

  /// The index of a change is the version that it gave to the object.
  @Test
  void anAnswerTellsTheRaftIndexThatItIsTrueAt() throws Exception {
    try (var client = api.connect()) {
      var spec =
          """
          {"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"skein/process","Args":["true"]}},
           "Mode":{"Replicated":{"Replicas":0}}}
          """;
      var created = index(client.request("POST", "/services/create", spec));
      var read = client.get("/services/web");
      assertThat(versionOf(read)).isEqualTo(created);
      assertThat(index(read)).isGreaterThanOrEqualTo(created);
      var updated = index(client.request("POST", "/services/web/update?version=" + created, spec));
      assertThat(updated).isGreaterThan(index(read));
      assertThat(versionOf(client.get("/services/web"))).isEqualTo(updated);
      assertThat(index(client.get("/services"))).isGreaterThanOrEqualTo(updated);
      assertThat(index(client.request("DELETE", "/services/web", ""))).isGreaterThan(updated);
      assertThat(client.get("/services/web").headers()).doesNotContainKey("x-skein-index");
    }
  }

  /// A client of Docker's reads a spec and sends back what it knows of it.
  @Test
  void whatDockersApiLacksIsKeptOnItsPathsAndRemovedOnOurs() throws Exception {
    try (var client = api.connect()) {
      var spec =
          """
          {"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"skein/process","Args":["true"]}},
           "Mode":{"Replicated":{"Replicas":0}}%s}
          """;
      var created =
          index(
              client.request("POST", "/services/create", spec.formatted(",\"MaxUnavailable\":1")));
      var known = spec.formatted("");
      var version =
          index(client.request("POST", "/v1.41/services/web/update?version=" + created, known));
      assertThat(specOf(client.get("/services/web")).get("MaxUnavailable").getAsLong()).isOne();
      index(client.request("POST", "/services/web/update?version=" + version, known));
      assertThat(specOf(client.get("/services/web")).has("MaxUnavailable")).isFalse();
    }
  }

  private static JsonObject specOf(HttpClientSocket.Answer answer) {
    return answer.json().getAsJsonObject().getAsJsonObject("Spec");
  }

  private static long index(HttpClientSocket.Answer answer) {
    assertThat(answer.status()).as(answer.body()).isLessThan(300);
    return Long.parseLong(answer.headers().get("x-skein-index"));
  }

  private static long versionOf(HttpClientSocket.Answer answer) {
    return answer.json().getAsJsonObject().getAsJsonObject("Version").get("Index").getAsLong();
  }

  @Test
  void aManagerShowsHowFarItsOwnCopyIsAndADigestOfIt() throws Exception {
    try (var client = api.connect()) {
      assertThat(client.get("/skein/v1/state").status()).isEqualTo(503);
      api.node.replica = store.state();
      var answer = client.get("/skein/v1/state");
      var json = answer.json().getAsJsonObject();
      assertThat(json.get("Index").getAsLong()).isEqualTo(store.state().index());
      assertThat(json.get("Digest").getAsString()).isEqualTo(SnapshotCodec.digest(store.state()));
      assertThat(index(answer)).isEqualTo(store.state().index());
    }
  }

  @Test
  void nodesAreShownAndChanged() throws Exception {
    assertThat(docker.ok("node", "ls")).contains(FakeNode.ID + " *", "m1", "Ready", "Active");
    docker.ok("node", "update", "--label-add", "zone=a", "--availability", "pause", "m1");
    assertThat(docker.ok("node", "ls", "--filter", "node.label=zone=a", "-q"))
        .isEqualTo(FakeNode.ID);
    assertThat(docker.ok("node", "ls", "--filter", "role=worker", "-q")).isEmpty();
    assertThat(docker.fails("node", "ls", "--filter", "foo=bar")).contains("invalid filter 'foo'");
    assertThat(docker.fails("node", "demote", "m1")).contains("manager");
    assertThat(docker.fails("node", "rm", "m1")).contains("manager");
  }

  @Test
  void aServiceLivesFromCreateToRemove() throws Exception {
    var since = Long.toString(Instant.now().getEpochSecond() - 1);
    var id =
        docker.ok(
            "service",
            "create",
            "-d",
            "-q",
            "--name",
            "web",
            "--replicas",
            "2",
            "--publish",
            "8080:80",
            "--constraint",
            "node.role==manager",
            "--env",
            "A=b",
            "--restart-delay",
            "1s",
            "--stop-grace-period",
            "2s",
            "--stop-signal",
            "INT",
            "--label",
            "tier=front",
            "skein/process",
            "sleep",
            "100");
    assertThat(docker.ok("service", "ls")).contains("web", "replicated", "0/2", "skein/process");
    assertThat(docker.ok("service", "ls", "-q", "--filter", "label=tier=front"))
        .isEqualTo(id.substring(0, 12));
    run(id, 1);
    assertThat(docker.ok("service", "ls")).contains("1/2");
    assertThat(docker.ok("service", "ps", "web")).contains("web.1", "m1", "Running", "sleeping");
    assertThat(docker.ok("node", "ps", "self")).contains("web.1");
    assertThat(docker.fails("service", "create", "-d", "--name", "web", "skein/process", "a"))
        .contains("web");
    assertThat(
            docker.fails(
                "service",
                "create",
                "-d",
                "--name",
                "other",
                "-p",
                "8080:80",
                "skein/process",
                "a"))
        .contains("8080");
    assertThat(
            docker.fails("service", "create", "-d", "--constraint", "node.x", "skein/process", "a"))
        .contains("node.x");

    docker.ok("service", "scale", "-d", "web=5");
    docker.ok("service", "update", "-d", "--env-add", "C=d", "--publish-rm", "80", "web");
    assertThat(docker.ok("service", "inspect", "--pretty", "web"))
        .contains("Replicas:\t5", "A=b", "C=d")
        .doesNotContain("PublishedPort");
    docker.ok("service", "rollback", "-d", "web");
    assertThat(
            docker.ok(
                "service", "inspect", "-f", "{{.Spec.TaskTemplate.ContainerSpec.Env}}", "web"))
        .isEqualTo("[A=b]");
    docker.ok("service", "rm", "web");
    assertThat(docker.ok("service", "ls", "-q")).isEmpty();
    assertThat(docker.fails("service", "ps", "web")).contains("no such service: web");

    var until = Long.toString(Instant.now().getEpochSecond() + 1);
    var seen =
        docker
            .ok(
                "events",
                "--since",
                since,
                "--until",
                until,
                "--filter",
                "type=service",
                "--format",
                "{{json .}}")
            .lines()
            .map(line -> JsonParser.parseString(line).getAsJsonObject().get("Action").getAsString())
            .toList();
    assertThat(seen).startsWith("create").endsWith("remove").contains("update");
    assertThat(docker.fails("events", "--filter", "foo=bar")).contains("invalid filter 'foo'");
  }

  /// Stands for scheduler and agent: a task of the service runs on the node.
  private void run(String serviceId, int slot) {
    store.commit(
        ChangeSets.of(
            Instant.now(),
            List.of(
                ChangeSets.create(
                    Task.newBuilder()
                        .setId("task1xxxxxxxxxxxxxxxxxxxx")
                        .setServiceId(serviceId)
                        .setSlot(slot)
                        .setNodeId(FakeNode.ID)
                        .setSpecVersion(1)
                        .setDesiredState(TaskState.TASK_STATE_RUNNING)
                        .setStatus(
                            TaskStatus.newBuilder()
                                .setState(TaskState.TASK_STATE_RUNNING)
                                .setErr("sleeping"))
                        .build()))));
  }
}
