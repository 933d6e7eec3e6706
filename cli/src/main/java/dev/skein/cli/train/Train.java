package dev.skein.cli.train;

import dev.skein.cli.Main;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.Interrupts;
import dev.skein.cli.command.Program;
import dev.skein.cli.train.CannedDaemon.Answer;
import dev.skein.cli.train.CannedDaemon.Request;
import dev.skein.cli.whoami.Identity;
import dev.skein.cli.whoami.WhoamiServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Runs every client command once, in one process, so that the JVM's ahead-of-time cache holds the
/// classes of all of them. The build runs it; users never do.
public final class Train {
  private static final String NODE =
      """
      {"ID":"n1","Version":{"Index":1},"Spec":{"Role":"worker","Availability":"active"},
       "Description":{"Hostname":"a","Engine":{"EngineVersion":"1"},
       "Resources":{"NanoCPUs":1000000000,"MemoryBytes":1048576}},
       "Status":{"State":"ready","Addr":"127.0.0.1"},
       "ManagerStatus":{"Leader":true,"Reachability":"reachable","Addr":"127.0.0.1:2377"}}\
      """;
  private static final String SERVICE =
      """
      {"ID":"s1","Version":{"Index":1},"Spec":{"Name":"web","Labels":{"a":"b"},
       "TaskTemplate":{"Runtime":"process","ContainerSpec":{"Image":"skein/process",
       "Command":["skein"],"Args":["whoami"]}},"Mode":{"Replicated":{"Replicas":1}},
       "UpdateConfig":{"Parallelism":1,"Monitor":0}},
       "Endpoint":{"Ports":[{"PublishedPort":80,"TargetPort":80,"Protocol":"tcp"}]},
       "ServiceStatus":{"RunningTasks":1,"DesiredTasks":1}}\
      """;
  private static final String TASK =
      """
      {"ID":"t1","ServiceID":"s1","NodeID":"n1","Slot":1,"DesiredState":"running",
       "CreatedAt":"2026-01-01T00:00:00Z","Spec":{"ContainerSpec":{"Image":"a"}},
       "Status":{"State":"running","Timestamp":"2026-01-01T00:00:00Z","Err":"x"}}\
      """;
  private static final List<String> COMMANDS =
      List.of(
          "version",
          "info",
          "node ls",
          "node ls -q --filter role=manager",
          "node ls --format {{.ID}}\\t{{json.}}",
          "node inspect self",
          "node inspect --pretty n1",
          "node ps",
          "node promote n1",
          "node demote n1",
          "node update --availability drain --label-add a=b n1",
          "node rm --force n1",
          "service ls",
          "service ps web",
          "service inspect web",
          "service inspect --pretty web",
          "service inspect --format {{json.Spec}} web",
          "service create --name web --process --replicas 1 -p 80:80 -e A=b --limit-memory 1g"
              + " --restart-delay 1s --constraint node.role==worker -- skein whoami",
          "service update --env-add A=b --publish-add 81:81 --image x web",
          "service scale web=1",
          "service scale --detach web=1",
          "service logs web",
          "service rm web",
          "events",
          "swarm init",
          "swarm join --token t 127.0.0.1:2377",
          "swarm join-token worker",
          "swarm join-token -q --rotate manager",
          "swarm update --task-history-limit 3",
          "swarm leave",
          "completion bash",
          "__complete node inspect n",
          "--help",
          "service create --help",
          "nose",
          "node ls --filtre");

  private Train() {}

  /// Runs the commands.
  @SuppressWarnings("try") // The daemon only has to be there.
  public static void main(String[] args) throws IOException {
    Path directory = Files.createTempDirectory("skein-train");
    Path socket = directory.resolve("s");
    int failures = 0;
    try (CannedDaemon daemon = new CannedDaemon(socket, Train::answer);
        PrintStream sink =
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      for (String command : COMMANDS) {
        CommandContext context =
            Main.context(sink, sink, Map.of("SKEIN_HOST", "unix://" + socket), new NoInterrupts());
        int code = new Program(context).run(List.of(command.split(" ", -1)));
        failures += code == 0 ? 0 : 1;
      }
    } finally {
      Files.deleteIfExists(directory);
    }
    answerOnce();
    // Two command lines above are wrong on purpose: their messages are worth training too.
    if (failures != 2) {
      throw new IllegalStateException(failures + " commands failed in training, not 2");
    }
  }

  // The sample task starts from the same cache, because many of them start at the same time.
  private static void answerOnce() throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (WhoamiServer server =
        new WhoamiServer(Identity.of(Map.of()), any, true, () -> 0L, _ -> {})) {
      Thread serving = Thread.ofPlatform().start(() -> serve(server));
      for (String target : List.of("/?format=json", "/health")) {
        try (Socket socket = new Socket(any.getAddress(), server.address().getPort())) {
          socket
              .getOutputStream()
              .write(
                  ("GET " + target + " HTTP/1.1\r\nConnection: close\r\n\r\n")
                      .getBytes(StandardCharsets.US_ASCII));
          socket.getInputStream().readAllBytes();
        }
      }
      server.drain(1000);
      serving.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void serve(WhoamiServer server) {
    try {
      server.serve();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Answer answer(Request request) {
    String target = request.target();
    int end = target.indexOf('?');
    String path = end < 0 ? target : target.substring(0, end);
    if (path.endsWith("/logs")) {
      byte[] line =
          "com.docker.swarm.task.id=t1,com.docker.swarm.task.name=web.1 hello\n"
              .getBytes(StandardCharsets.UTF_8);
      byte[] frame = new byte[line.length + 8];
      frame[0] = 1;
      frame[7] = (byte) line.length;
      System.arraycopy(line, 0, frame, 8, line.length);
      return Answer.stream("application/vnd.docker.multiplexed-stream", frame);
    }
    if (request.method().equals("POST")) {
      return Answer.json(200, path.equals("/swarm/init") ? "\"n1\"" : "{\"ID\":\"s1\"}");
    }
    return switch (path) {
      case "/nodes" -> Answer.json(200, "[" + NODE + "]");
      case "/services" -> Answer.json(200, "[" + SERVICE + "]");
      case "/tasks" -> Answer.json(200, "[" + TASK + "]");
      case "/info" ->
          Answer.json(
              200, "{\"Swarm\":{\"NodeID\":\"n1\",\"ControlAvailable\":true},\"Name\":\"a\"}");
      case "/swarm" ->
          Answer.json(
              200,
              "{\"Version\":{\"Index\":1},\"Spec\":{},"
                  + "\"JoinTokens\":{\"Worker\":\"w\",\"Manager\":\"m\"}}");
      case "/version" -> Answer.json(200, "{\"Version\":\"1\",\"ApiVersion\":\"1.47\"}");
      case "/events" ->
          Answer.stream(
              "application/json",
              "{\"Type\":\"node\",\"Action\":\"create\",\"Actor\":{\"ID\":\"n1\"},\"time\":1}\n"
                  .getBytes(StandardCharsets.UTF_8));
      default ->
          Answer.json(
              200, path.startsWith("/nodes/") ? NODE : path.startsWith("/tasks/") ? TASK : SERVICE);
    };
  }

  private static final class NoInterrupts implements Interrupts {
    @Override
    public void arm() {}

    @Override
    public boolean await(long nanos) {
      java.util.concurrent.locks.LockSupport.parkNanos(Math.min(nanos, 1_000_000));
      return false;
    }
  }
}
