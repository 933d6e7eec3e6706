package dev.skein.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.cli.command.CommandLineFixture.Result;
import dev.skein.cli.train.CannedDaemon.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramTest {
  private static final String NODES =
      """
      [{"ID":"abcdefghijklmnopqrstuvwx2","Spec":{"Role":"worker","Availability":"drain"},
        "Description":{"Hostname":"node-10","Engine":{"EngineVersion":"0.1"}},
        "Status":{"State":"down"}},
       {"ID":"abcdefghijklmnopqrstuvwx1","Version":{"Index":7},
        "Spec":{"Role":"manager","Availability":"active","Labels":{"a":"b"}},
        "Description":{"Hostname":"node-2","Engine":{"EngineVersion":"0.1"}},
        "Status":{"State":"ready"},
        "ManagerStatus":{"Leader":true,"Addr":"10.0.0.1:2377"}}]\
      """;
  private static final String NODE =
      """
      {"ID":"n1","Version":{"Index":7},"Spec":{"Role":"worker","Availability":"active",
       "Labels":{"old":"x"}},"Description":{"Hostname":"node-1"},"Status":{"State":"ready"},
       "ManagerStatus":{"Addr":"10.0.0.1:2377"}}\
      """;
  private static final String INFO =
      """
      {"Swarm":{"NodeID":"abcdefghijklmnopqrstuvwx1","ControlAvailable":true,
       "LocalNodeState":"active"}}\
      """;
  private static final String SERVICE =
      """
      {"ID":"s1abcdefghijklmnop","Version":{"Index":42},"Spec":{"Name":"web",
       "TaskTemplate":{"Runtime":"process","ContainerSpec":{"Image":"skein/process",
       "Command":["skein"],"Args":["whoami"],"Env":["A=1","B=2"]},"Later":{"x":1}},
       "Mode":{"Replicated":{"Replicas":2}},
       "EndpointSpec":{"Ports":[{"Protocol":"tcp","TargetPort":80,"PublishedPort":8080}]}},
       "Endpoint":{"Ports":[{"Protocol":"tcp","TargetPort":80,"PublishedPort":8080,
       "PublishMode":"ingress"}]},"ServiceStatus":{"RunningTasks":1,"DesiredTasks":2}}\
      """;
  private static final String TASKS =
      """
      [{"ID":"t2aaaaaaaaaaaaa","ServiceID":"s1abcdefghijklmnop","NodeID":"n1","Slot":1,
        "DesiredState":"running","CreatedAt":"2026-03-01T11:55:00Z",
        "Spec":{"Runtime":"process","ContainerSpec":{"Image":"skein/process","Command":["skein"]}},
        "Status":{"State":"running","Timestamp":"2026-03-01T11:55:00Z"}},
       {"ID":"t1aaaaaaaaaaaaa","ServiceID":"s1abcdefghijklmnop","NodeID":"n1","Slot":1,
        "DesiredState":"shutdown","CreatedAt":"2026-03-01T11:00:00Z",
        "Spec":{"Runtime":"process","ContainerSpec":{"Image":"skein/process","Command":["skein"]}},
        "Status":{"State":"failed","Timestamp":"2026-03-01T11:54:30Z",
        "Err":"task: non-zero exit (1) and more than fits"}}]\
      """;

  private CommandLineFixture skein;

  @BeforeEach
  void start() throws IOException {
    skein = new CommandLineFixture();
  }

  @AfterEach
  void stop() throws IOException {
    skein.close();
  }

  @Test
  void nodesAreListedInNaturalOrderWithAMarkAtTheOwn() {
    skein.on("GET /nodes", NODES).on("GET /info", INFO);
    Result result = skein.run("node", "ls");
    assertThat(result.err()).isEmpty();
    assertThat(result.out())
        .isEqualTo(
            """
            ID                            HOSTNAME   STATUS    AVAILABILITY   MANAGER STATUS   ENGINE VERSION
            abcdefghijklmnopqrstuvwx1 *   node-2     Ready     Active         Leader           0.1
            abcdefghijklmnopqrstuvwx2     node-10    Down      Drain                           0.1
            """);
  }

  @Test
  void quietListsOnlyIdsAndAsksNothingMore() {
    skein.on("GET /nodes", NODES);
    assertThat(skein.run("node", "ls", "-q", "--filter", "role=manager").out())
        .isEqualTo("abcdefghijklmnopqrstuvwx1\nabcdefghijklmnopqrstuvwx2\n");
    assertThat(skein.requestLines())
        .containsExactly("GET /nodes?filters=%7B%22role%22%3A%5B%22manager%22%5D%7D");
  }

  @Test
  void aFormatCanBeATemplateATableOrJson() {
    skein.on("GET /nodes", NODES).on("GET /info", INFO);
    assertThat(skein.run("node", "ls", "--format", "{{.Hostname}}:{{upper .Status}}").out())
        .isEqualTo("node-2:READY\nnode-10:DOWN\n");
    assertThat(skein.run("node", "ls", "--format", "table {{.Hostname}}\\t{{.Self}}").out())
        .isEqualTo("HOSTNAME   \nnode-2     true\nnode-10    false\n");
    assertThat(skein.run("node", "ls", "--format", "json").out())
        .startsWith("{\"Address\":\"\",\"Availability\":\"Active\",");
  }

  @Test
  void aWrongTemplateIsAUsageErrorThatPointsAtThePlace() {
    skein.on("GET /nodes", NODES).on("GET /info", INFO);
    Result result = skein.run("node", "ls", "--format", "{{.Nmae}}");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err()).contains("there is no field \"Nmae\"").contains("\n    ^");
  }

  @Test
  void promoteChangesOnlyTheRoleAndNamesTheVersionItSaw() {
    skein.on("GET /nodes/n1", NODE).on("POST /nodes/n1/update", "");
    Result result = skein.run("node", "promote", "n1");
    assertThat(result.out()).isEqualTo("Node n1 promoted to a manager in the swarm.\n");
    assertThat(skein.requestLines().getLast()).isEqualTo("POST /nodes/n1/update?version=7");
    assertThat(skein.body("POST"))
        .isEqualTo("{\"Role\":\"manager\",\"Availability\":\"active\",\"Labels\":{\"old\":\"x\"}}");
    assertThat(skein.run("node", "demote", "n1").out()).isEqualTo("Node n1 is already a worker.\n");
  }

  @Test
  void nodeUpdateChangesLabelsAndAvailability() {
    skein.on("GET /nodes/n1", NODE).on("POST /nodes/n1/update", "");
    skein.run(
        "node",
        "update",
        "--availability",
        "drain",
        "--label-add",
        "k=v",
        "--label-rm",
        "old",
        "n1");
    assertThat(skein.body("POST"))
        .isEqualTo("{\"Role\":\"worker\",\"Availability\":\"drain\",\"Labels\":{\"k\":\"v\"}}");
    Result unknown = skein.run("node", "update", "--label-rm", "none", "n1");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).isEqualTo("key none doesn't exist in node's labels\n");
  }

  @Test
  void initPrintsTheCommandThatWorkersJoinWith() {
    skein
        .on("POST /swarm/init", "\"n1\"")
        .on("GET /nodes/n1", NODE)
        .on(
            "GET /swarm",
            "{\"JoinTokens\":{\"Worker\":\"SWMTKN-1-w\",\"Manager\":\"SWMTKN-1-m\"}}");
    Result result = skein.run("swarm", "init", "--advertise-addr", "10.0.0.1", "--cert-expiry=1h");
    assertThat(result.out())
        .isEqualTo(
            """
            Swarm initialized: current node (n1) is now a manager.

            To add a worker to this swarm, run the following command:

                skein swarm join --token SWMTKN-1-w 10.0.0.1:2377

            To add a manager to this swarm, run 'skein swarm join-token manager' and follow the instructions.

            """);
    assertThat(skein.body("POST"))
        .isEqualTo(
            "{\"ListenAddr\":\"0.0.0.0:2377\",\"AdvertiseAddr\":\"10.0.0.1\","
                + "\"Availability\":\"active\",\"ForceNewCluster\":false,"
                + "\"Spec\":{\"CAConfig\":{\"NodeCertExpiry\":3600000000000}}}");
  }

  @Test
  void joinSaysWhatTheNodeBecame() {
    skein.on("POST /swarm/join", "").on("GET /info", "{\"Swarm\":{\"ControlAvailable\":false}}");
    assertThat(skein.run("swarm", "join", "--token", "T", "10.0.0.1:2377").out())
        .isEqualTo("This node joined a swarm as a worker.\n");
    assertThat(skein.body("POST"))
        .contains("\"RemoteAddrs\":[\"10.0.0.1:2377\"],\"JoinToken\":\"T\"");
    assertThat(skein.run("swarm", "join", "10.0.0.1:2377").code()).isEqualTo(2);
  }

  @Test
  void aRotatedTokenIsPrintedAlone() {
    skein
        .on(
            "GET /swarm",
            "{\"Version\":{\"Index\":3},\"Spec\":{\"x\":1},\"JoinTokens\":{\"Worker\":\"w\"}}")
        .on("POST /swarm/update", "");
    assertThat(skein.run("swarm", "join-token", "-q", "--rotate", "worker").out()).isEqualTo("w\n");
    assertThat(skein.requestLines())
        .contains("POST /swarm/update?version=3&rotateWorkerToken=true");
    assertThat(skein.body("POST")).isEqualTo("{\"x\":1}");
  }

  @Test
  void servicesShowTheirProgramAndPorts() {
    skein.on("GET /services", "[" + SERVICE + "]");
    assertThat(skein.run("service", "ls").out())
        .isEqualTo(
            """
            ID             NAME      MODE         REPLICAS   IMAGE            PORTS
            s1abcdefghij   web       replicated   1/2        process: skein   *:8080->80/tcp
            """);
  }

  @Test
  void tasksAreListedNewestFirstWithTheirErrors() {
    skein
        .on("GET /services/web", SERVICE)
        .on("GET /services", "[" + SERVICE + "]")
        .on("GET /tasks", TASKS)
        .on("GET /nodes", "[" + NODE + "]");
    Result result = skein.run("service", "ps", "web");
    assertThat(result.out())
        .isEqualTo(
            """
            ID             NAME        IMAGE            NODE      DESIRED STATE   CURRENT STATE           ERROR                              PORTS
            t2aaaaaaaaaa   web.1       process: skein   node-1    Running         Running 5 minutes ago                                     \s
            t1aaaaaaaaaa    \\_ web.1   process: skein   node-1    Shutdown        Failed 5 minutes ago    "task: non-zero exit (1) and m…"  \s
            """);
  }

  @Test
  void anUnknownServiceIsNamedAndTheOthersAreStillListed() {
    skein
        .on("GET /services/web", SERVICE)
        .refuse("GET /services/none", 404, "service none not found");
    skein.on("GET /services", "[]").on("GET /tasks", "[]").on("GET /nodes", "[]");
    Result result = skein.run("service", "ps", "none", "web");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).startsWith("ID ");
    assertThat(result.err()).isEqualTo("no such service: none\n");
  }

  @Test
  void inspectPrintsWhatTheDaemonSentAsAnArray() {
    skein.on("GET /services/web", "{\"ID\":\"s1\",\"Spec\":{\"Labels\":{},\"L\":[1,2]}}");
    skein.refuse("GET /services/none", 404, "service none not found");
    Result result = skein.run("service", "inspect", "web", "none");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out())
        .isEqualTo(
            """
            [
                {
                    "ID": "s1",
                    "Spec": {
                        "Labels": {},
                        "L": [
                            1,
                            2
                        ]
                    }
                }
            ]
            """);
    assertThat(result.err()).isEqualTo("Error: no such service: none\n");
    assertThat(skein.run("service", "inspect", "-f", "{{json .Spec.L}} {{.Spec.No}}", "web").out())
        .isEqualTo("[1,2] <no value>\n");
  }

  @Test
  void inspectPrettyShowsAProcessInWords() {
    skein.on("GET /services/web", SERVICE);
    assertThat(skein.run("service", "inspect", "--pretty", "web").out())
        .contains("Name:                   web\n")
        .contains("ProcessSpec:\n Command:               skein\n Args:                  whoami\n")
        .contains(" - published 8080, target 80/tcp, ingress\n");
  }

  @Test
  void aRefusalIsPassedOnInTheDaemonsWords() {
    skein.refuse("GET /nodes", 503, "This node is not a swarm manager.");
    Result result = skein.run("node", "ls");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err())
        .isEqualTo("Error response from daemon: This node is not a swarm manager.\n");
  }

  @Test
  void aMissingDaemonHasItsOwnExitCode() {
    Result result = skein.run("-H", "unix:///nowhere/s", "node", "ls");
    assertThat(result.code()).isEqualTo(125);
    assertThat(result.err())
        .isEqualTo(
            "Cannot connect to the Skein daemon at unix:///nowhere/s. Is the daemon running?\n");
  }

  @Test
  void somethingThatIsNoDaemonIsNotTakenForOne() {
    skein.on("GET /nodes", () -> Answer.json(200, "<html>")).on("GET /info", "[]");
    Result result = skein.run("node", "ls");
    assertThat(result.code()).isEqualTo(125);
    assertThat(result.err()).contains("is not JSON");
    skein.on("GET /nodes", "{}");
    assertThat(skein.run("node", "ls").code()).isEqualTo(125);
  }

  @Test
  void wrongCommandLinesEndWithAHintAndSendNothing() {
    assertUsage("'nose' is not a command. Did you mean 'node'?", "skein", "nose");
    assertUsage("'lss' is not a command. Did you mean 'ls'?", "skein node", "node", "lss");
    assertUsage(
        "unknown flag: --filtre. Did you mean --filter?",
        "skein node ls",
        "node",
        "ls",
        "--filtre",
        "a=b");
    assertUsage("unknown shorthand flag: 'x' in -x", "skein node ls", "node", "ls", "-qx");
    assertUsage("flag needs an argument: --format", "skein node ls", "node", "ls", "--format");
    assertUsage("requires at least 1 argument.", "skein node rm", "node", "rm");
    assertUsage("accepts no arguments, \"x\" is too many.", "skein node ls", "node", "ls", "x");
    assertUsage(
        "invalid argument \"5x\" for \"--restart-delay\" flag: unknown unit \"x\"",
        "skein service create",
        "service",
        "create",
        "--restart-delay",
        "5x",
        "img");
    assertUsage(
        "invalid argument \"99999:80\" for \"-p, --publish\" flag: invalid published port:"
            + " \"99999\"",
        "skein service create",
        "service",
        "create",
        "-p",
        "99999:80",
        "img");
    assertUsage("invalid scale specifier 'web'", "skein service scale", "service", "scale", "web");
    assertUsage(
        "invalid replicas value 'x' in 'web=x'",
        "skein service scale",
        "service",
        "scale",
        "web=x");
    assertUsage("invalid host \"ftp://x\"", "skein node ls", "-H", "ftp://x", "node", "ls");
    assertUsage("invalid filter 'role'", "skein node ls", "node", "ls", "--filter", "role");
    assertThat(skein.requestLines()).isEmpty();
  }

  private void assertUsage(String problem, String command, String... words) {
    Result result = skein.run(words);
    assertThat(result.code()).as(result.err()).isEqualTo(2);
    assertThat(result.err()).contains(problem).endsWith("See '" + command + " --help'.\n");
  }

  @Test
  void everyCommandHasHelpWithExamples() {
    assertThat(skein.run("--help").out()).contains("Exit codes:", "125");
    for (Command.Entry entry : CommandTree.root().entries()) {
      if (entry.command().get() instanceof Command.Group group) {
        for (Command.Entry inner : group.entries()) {
          assertThat(skein.run(entry.name(), inner.name(), "--help").out())
              .startsWith("Usage:  skein " + entry.name() + " " + inner.name())
              .contains("Examples:\n");
        }
      }
    }
    assertThat(skein.run("help", "service", "create").out()).contains("--publish");
    assertThat(skein.run("service").out()).contains("Commands:");
  }

  @Test
  void completionOffersCommandsFlagsChoicesAndNames() {
    skein.on("GET /nodes", NODES).on("GET /services", "[" + SERVICE + "]");
    assertThat(skein.run("__complete", "no").out()).isEqualTo("node\n");
    assertThat(skein.run("__complete", "node", "p").out()).isEqualTo("ps\npromote\n");
    assertThat(skein.run("__complete", "-H", "x", "node", "demo").out()).isEqualTo("demote\n");
    assertThat(skein.run("__complete", "node", "update", "--av").out())
        .isEqualTo("--availability\n");
    assertThat(skein.run("__complete", "node", "update", "--availability", "").out())
        .isEqualTo("active\npause\ndrain\n");
    assertThat(skein.run("__complete", "node", "rm", "").out()).isEqualTo("node-10\nnode-2\n");
    assertThat(skein.run("__complete", "service", "rm", "w").out()).isEqualTo("web\n");
    assertThat(skein.run("__complete", "swarm", "join-token", "").out())
        .isEqualTo("worker\nmanager\n");
    assertThat(skein.run("completion", "bash").out())
        .contains("complete -o default -F _skein skein");
    assertThat(skein.run("completion", "csh").code()).isEqualTo(2);
  }

  @Test
  void completionIsSilentWithoutADaemon() {
    Result result =
        skein.environment("SKEIN_HOST", "unix:///nowhere/s").run("__complete", "node", "rm", "");
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).isEmpty();
  }

  @Test
  void eventsArePrintedOneToALineAsTheyCome() {
    String two =
        """
        {"Type":"service","Action":"update","Actor":{"ID":"s1","Attributes":{"name":"web","a":"b"}},"time":1700000000,"timeNano":1700000000000000001}
        {"Type":"node","Action":"create","Actor":{"ID":"n1"},"time":1700000001}
        """;
    skein.on(
        "GET /events",
        () -> Answer.stream("application/json", two.getBytes(StandardCharsets.UTF_8)));
    Result result = skein.run("events", "--since", "10m", "--filter", "type=service");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .isEqualTo(
            """
            2023-11-14T22:13:20.000000001Z service update s1 (a=b, name=web)
            2023-11-14T22:13:21.000000000Z node create n1
            """);
    assertThat(skein.requestLines().getFirst())
        .startsWith("GET /events?since=1772365800.000000000&filters=");
    assertThat(skein.run("events", "--format", "{{.Type}} {{.Actor.Attributes.name}}").out())
        .isEqualTo("service web\nnode <no value>\n");
    assertThat(skein.run("events", "--format", "{{.Time}} {{.time}} {{.TimeNano}}").out())
        .isEqualTo("1700000000 1700000000 1700000000000000001\n1700000001 1700000001 <no value>\n");
  }

  @Test
  void logsAreTakenApartAndCarryTheirTask() {
    skein
        .on("GET /services/web", SERVICE)
        .on("GET /services/s1abcdefghijklmnop/logs", () -> Answer.stream("x", frames()))
        .on("GET /services/s1abcdefghijklmnop", SERVICE)
        .on("GET /nodes", "[" + NODE + "]");
    Result result = skein.run("service", "logs", "--tail", "5", "web");
    assertThat(result.out()).isEqualTo("web.1.t1@node-1    | hello\n");
    assertThat(result.err()).isEqualTo("web.1.t1@node-1    | oops\n");
    assertThat(skein.requestLines())
        .contains(
            "GET /services/s1abcdefghijklmnop/logs?stdout=1&stderr=1&details=1&names=1&tail=5");
    assertThat(skein.run("service", "logs", "--no-task-ids", "--details", "web").out())
        .isEqualTo("web.1@node-1    | k=v hello\n");
    assertThat(skein.run("service", "logs", "--no-resolve", "web").out())
        .isEqualTo("s1.1.t1@n1    | hello\n");
  }

  private static byte[] frames() {
    String details =
        "com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s1,com.docker.swarm.task.id=t1,"
            + "com.docker.swarm.task.name=web.1,k=v ";
    return (frame(1, details + "hello\n") + frame(2, details + "oops\n"))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String frame(int stream, String line) {
    return (char) stream + "\0\0\0\0\0\0" + (char) line.length() + line;
  }

  @Test
  void aTruncatedLogIsAnError() {
    byte[] whole = frames();
    skein
        .on("GET /services/web", SERVICE)
        .on(
            "GET /services/s1abcdefghijklmnop/logs",
            () -> Answer.stream("x", java.util.Arrays.copyOf(whole, whole.length - 3)))
        .on("GET /nodes", "[" + NODE + "]");
    Result result = skein.run("service", "logs", "web");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("in the middle of a line");
  }

  @Test
  void scaleSetsTheCountAndKeepsWhatItDoesNotKnow() {
    skein.on("GET /services/web", SERVICE).on("POST /services/", "{}");
    Result result = skein.run("service", "scale", "-d", "web=5");
    assertThat(result.out()).isEqualTo("web scaled to 5\n");
    assertThat(skein.requestLines().getLast())
        .isEqualTo("POST /services/s1abcdefghijklmnop/update?version=42");
    assertThat(skein.body("POST"))
        .contains("\"Mode\":{\"Replicated\":{\"Replicas\":5}}")
        .contains("\"Later\":{\"x\":1}");
  }

  @Test
  void updateEditsListsInPlace() {
    skein.on("GET /services/web", SERVICE).on("POST /services/", "{}");
    Result result =
        skein.run(
            "service",
            "update",
            "-d",
            "--env-add",
            "B=3",
            "--env-rm",
            "A",
            "--env-add",
            "C=4",
            "--publish-rm",
            "80",
            "--publish-add",
            "published=9090,target=90,protocol=udp,mode=host",
            "--label-add",
            "x=y",
            "--constraint-add",
            "node.role==worker",
            "--replicas",
            "3",
            "--update-delay",
            "2s",
            "--force",
            "web",
            "--",
            "sleep",
            "60");
    assertThat(result.err()).isEmpty();
    assertThat(skein.body("POST"))
        .contains("\"Env\":[\"B=3\",\"C=4\"]")
        .contains("\"Command\":[\"sleep\"],\"Args\":[\"60\"]")
        .contains(
            "\"Ports\":[{\"Protocol\":\"udp\",\"TargetPort\":90,\"PublishedPort\":9090,"
                + "\"PublishMode\":\"host\"}]")
        .contains("\"Labels\":{\"x\":\"y\"}")
        .contains("\"Constraints\":[\"node.role==worker\"]")
        .contains("\"UpdateConfig\":{\"Delay\":2000000000,\"Parallelism\":1}")
        .contains("\"ForceUpdate\":1")
        .contains("\"Replicas\":3");
  }

  @Test
  void rollbackAsksForThePreviousSpecification() {
    skein.on("GET /services/web", SERVICE).on("POST /services/", "{}");
    skein.run("service", "update", "-d", "--rollback", "web");
    assertThat(skein.requestLines().getLast())
        .isEqualTo("POST /services/s1abcdefghijklmnop/update?version=42&rollback=previous");
  }

  @Test
  void rollbackAndPromoteAreCommandsOfTheirOwn() {
    skein
        .on("GET /services/web", SERVICE)
        .on("POST /services/", "{}")
        .on("POST /skein/v1/services/", "{}");
    assertThat(skein.run("service", "rollback", "-d", "web").out()).isEqualTo("web\n");
    assertThat(skein.requestLines().getLast())
        .isEqualTo("POST /services/s1abcdefghijklmnop/update?version=42&rollback=previous");
    assertThat(skein.run("service", "promote", "-d", "web").out()).isEqualTo("web\n");
    assertThat(skein.requestLines().getLast())
        .isEqualTo("POST /skein/v1/services/s1abcdefghijklmnop/promote?version=42");
  }

  @Test
  void aJobIsCreatedWithItsCounts() {
    skein.on("POST /services/create", () -> Answer.json(201, "{\"ID\":\"s1\"}"));
    skein.run(
        "service",
        "create",
        "-d",
        "--mode",
        "replicated-job",
        "--replicas",
        "20",
        "--max-concurrent",
        "4",
        "nginx");
    assertThat(skein.body("POST"))
        .contains("\"Mode\":{\"ReplicatedJob\":{\"TotalCompletions\":20,\"MaxConcurrent\":4}}");
    assertThat(skein.run("service", "create", "--max-concurrent", "2", "nginx").err())
        .contains("max-concurrent can only be used with replicated-job mode");
    assertThat(
            skein.run("service", "create", "--mode", "global-job", "--replicas", "2", "x").code())
        .isEqualTo(2);
  }

  private static final String JOB =
      """
      {"ID":"j1abcdefghijklmnop","Version":{"Index":7},"Spec":{"Name":"report",
       "Mode":{"ReplicatedJob":{"TotalCompletions":1,"MaxConcurrent":1}},
       "TaskTemplate":{"Runtime":"process","ContainerSpec":{"Command":["./report.sh"]}},
       "Schedule":{"Expression":"30 6 * * *","Concurrency":"replace"}},
       "JobStatus":{"JobIteration":{"Index":4},"LastExecution":"2026-01-01T06:30:00Z",
        "NextExecution":"%s","Skipped":2,"SkippedAt":"2025-12-31T06:30:00Z"}}
      """;

  @Test
  void aJobsScheduleIsWrittenAndRemoved() {
    skein.on("POST /services/create", () -> Answer.json(201, "{\"ID\":\"s1\"}"));
    skein.run(
        "service",
        "create",
        "-d",
        "--mode",
        "global-job",
        "--schedule",
        "@daily",
        "--schedule-timezone",
        "Europe/Berlin",
        "--concurrency",
        "allow",
        "nginx");
    assertThat(skein.body("POST"))
        .contains(
            "\"Schedule\":{\"Expression\":\"@daily\",\"Timezone\":\"Europe/Berlin\","
                + "\"Concurrency\":\"allow\"}");
    assertThat(skein.run("service", "create", "--concurrency", "allow", "nginx").err())
        .contains("--concurrency is of a job's schedule: give it one with --schedule");
    skein.on("GET /services/report", JOB.formatted("")).on("POST /services/j1", "{}");
    skein.run("service", "update", "-d", "--schedule", "@hourly", "report");
    assertThat(skein.body("POST"))
        .contains("\"Schedule\":{\"Expression\":\"@hourly\",\"Concurrency\":\"replace\"}");
    skein.run("service", "update", "-d", "--schedule-rm", "report");
    assertThat(skein.body("POST")).doesNotContain("Schedule");
    assertThat(
            skein
                .run("service", "update", "--schedule", "@daily", "--schedule-rm", "report")
                .code())
        .isEqualTo(2);
  }

  @Test
  void aScheduledJobShowsItsNextAndItsLastRun() {
    var next = CommandLineFixture.NOW.plusSeconds(7_200).toString();
    skein.on("GET /services/report", JOB.formatted(next));
    assertThat(skein.run("service", "inspect", "--pretty", "report").out())
        .contains(" Expression:            30 6 * * *\n", " Time Zone:             UTC\n")
        .contains(" Next Run:              " + next, " Last Run:              2026-01-01T06:30:00Z")
        .contains(" Skipped Runs:          2, the last at 2025-12-31T06:30:00Z");
    skein.on("GET /services", "[" + JOB.formatted(next) + "]");
    assertThat(skein.run("service", "ls", "--format", "{{.Mode}}").out())
        .isEqualTo("replicated job (next in 2 hours)\n");
    skein.on("GET /services", "[" + JOB.formatted("") + "]");
    assertThat(skein.run("service", "ls", "--format", "{{.Mode}}").out())
        .isEqualTo("replicated job (suspended)\n");
  }

  @Test
  void canariesDeadlineAndBudgetAreWrittenIntoTheSpecification() {
    skein.on("GET /services/web", SERVICE).on("POST /services/", "{}");
    skein.run(
        "service",
        "update",
        "-d",
        "--update-canary",
        "2",
        "--update-progress-deadline",
        "30s",
        "--max-unavailable",
        "1",
        "web");
    assertThat(skein.body("POST"))
        .contains(
            "\"UpdateConfig\":{\"ProgressDeadline\":30000000000,\"Canary\":2,\"Parallelism\":1}",
            "\"MaxUnavailable\":1");
  }

  @Test
  void createSendsAProcessServiceWithAllItsOptions(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("env"), "# no\nFROM=file\n\nHERE\nGONE\n");
    skein
        .on("POST /services/create", () -> Answer.json(201, "{\"ID\":\"s1\"}"))
        .environment("HERE", "1");
    Result result =
        skein.run(
            "service",
            "create",
            "-d",
            "--name",
            "web",
            "--process",
            "--replicas",
            "3",
            "--publish",
            "8080:80",
            "-e",
            "A=b",
            "-e",
            "HERE",
            "--env-file",
            file.toString(),
            "--label",
            "l=1",
            "--constraint",
            "node.role==worker",
            "--restart-condition",
            "on-failure",
            "--restart-delay",
            "1m30s",
            "--restart-max-attempts",
            "3",
            "--restart-window",
            "500ms",
            "--stop-grace-period",
            "2s",
            "--stop-signal",
            "SIGINT",
            "--workdir",
            "/tmp",
            "--user",
            "nobody",
            "--limit-memory",
            "1.5g",
            "--limit-cpu",
            "0.5",
            "--",
            "skein",
            "whoami",
            "--port",
            "80");
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).isEqualTo("s1\n");
    assertThat(skein.body("POST"))
        .isEqualTo(
            "{\"Name\":\"web\",\"TaskTemplate\":{\"Runtime\":\"process\",\"ContainerSpec\":{"
                + "\"Image\":\"skein/process\",\"Command\":[\"skein\"],"
                + "\"Args\":[\"whoami\",\"--port\",\"80\"],\"User\":\"nobody\",\"Dir\":\"/tmp\","
                + "\"StopSignal\":\"SIGINT\",\"StopGracePeriod\":2000000000,"
                + "\"Env\":[\"FROM=file\",\"A=b\",\"HERE=1\"]},"
                + "\"Resources\":{\"Limits\":{\"NanoCPUs\":500000000,\"MemoryBytes\":1610612736}},"
                + "\"RestartPolicy\":{\"Condition\":\"on-failure\",\"Delay\":90000000000,"
                + "\"MaxAttempts\":3,\"Window\":500000000},"
                + "\"Placement\":{\"Constraints\":[\"node.role==worker\"]}},"
                + "\"Mode\":{\"Replicated\":{\"Replicas\":3}},\"Labels\":{\"l\":\"1\"},"
                + "\"EndpointSpec\":{\"Ports\":[{\"Protocol\":\"tcp\",\"TargetPort\":80,"
                + "\"PublishedPort\":8080,\"PublishMode\":\"ingress\"}]}}");
  }

  @Test
  void createOfAnImageIsGlobalOnRequest() {
    skein.on("POST /services/create", () -> Answer.json(201, "{\"ID\":\"s1\"}"));
    skein.run("service", "create", "-d", "--mode", "global", "nginx", "-g", "daemon off;");
    assertThat(skein.body("POST"))
        .isEqualTo(
            "{\"Name\":\"\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"nginx\","
                + "\"Args\":[\"-g\",\"daemon off;\"]}},\"Mode\":{\"Global\":{}}}");
    assertThat(skein.run("service", "create", "--mode", "global", "--replicas", "2", "x").code())
        .isEqualTo(2);
  }

  @Test
  void anAttachedScaleWaitsUntilTheServiceIsStable() {
    skein
        .on("GET /services/", SERVICE.replace("\"Replicas\":2", "\"Replicas\":1"))
        .on("POST /services/", "{}")
        .on("GET /tasks", TASKS)
        .on("GET /nodes", "[" + NODE + "]");
    Result result = skein.run("service", "scale", "web=1");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .isEqualTo(
            """
            web scaled to 1
            overall progress: 1 out of 1 tasks
            verify: Waiting 1 second to verify that tasks are stable...
            verify: Service s1abcdefghijklmnop converged
            """);
  }

  @Test
  void interruptingAnAttachedCommandLeavesTheWorkGoingOn() {
    skein
        .on("GET /services/", SERVICE)
        .on("POST /services/", "{}")
        .on("GET /tasks", "[]")
        .on("GET /nodes", "[]")
        .interruptAfter(3);
    Result result = skein.run("service", "scale", "web=2");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .endsWith(
            """
            Operation continuing in background.
            Use `skein service ps s1abcdefghijklmnop` to check progress.
            """);
  }

  @Test
  void aPausedUpdateFailsTheAttachedCommand() {
    skein
        .on(
            "GET /services/",
            SERVICE.replace(
                "\"ID\":\"s1abcdefghijklmnop\"",
                "\"ID\":\"s1\",\"UpdateStatus\":{\"State\":\"paused\",\"Message\":\"task t"
                    + " failed\"}"))
        .on("POST /services/", "{}")
        .on("GET /tasks", "[]")
        .on("GET /nodes", "[]");
    Result result = skein.run("service", "update", "--force", "web");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).isEqualTo("service update paused: task t failed\n");
  }

  @Test
  void onATerminalEachSlotHasALineThatIsRedrawn() {
    skein
        .on("GET /services/", SERVICE.replace("\"Replicas\":2", "\"Replicas\":1"))
        .on("POST /services/", "{}")
        .on("GET /tasks", TASKS)
        .on("GET /nodes", "[" + NODE + "]")
        .onTerminal();
    assertThat(skein.run("service", "scale", "web=1").out())
        .contains("1/1: running   [==================================================]")
        .contains("\u001b[3A");
  }
}
