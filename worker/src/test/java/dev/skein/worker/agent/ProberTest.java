package dev.skein.worker.agent;

import static dev.skein.proto.v1.TaskState.TASK_STATE_ASSIGNED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.skein.proto.v1.Healthcheck;
import dev.skein.proto.v1.PortConfig;
import dev.skein.worker.runtime.Execution;
import dev.skein.worker.runtime.TaskSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Probes of a server that says what a test wants.
final class ProberTest {

  private static final int TARGET = 80;

  private final SimulatedRuntime runtime = new SimulatedRuntime();
  private final Prober prober = new Prober("127.0.0.1", System::nanoTime);
  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  /// Answers every connection so and keeps it open.
  private void answering(String answer) {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                while (true) {
                  var socket = server.accept();
                  socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                }
              } catch (IOException closed) {
                // The test is over.
              }
            });
  }

  private TaskEvent.Probed probe(String... test) throws InterruptedException {
    var assigned = TaskMachineTest.task(TASK_STATE_ASSIGNED, TASK_STATE_RUNNING).toBuilder();
    assigned
        .getSpecBuilder()
        .getContainerSpecBuilder()
        .setHealthcheck(
            Healthcheck.newBuilder()
                .addAllTest(List.of(test))
                .setTimeout(Duration.newBuilder().setNanos(300_000_000)));
    assigned
        .getTaskBuilder()
        .getStatusBuilder()
        .addPorts(
            PortConfig.newBuilder().setTargetPort(TARGET).setPublishedPort(server.getLocalPort()));
    var task =
        WorkerTask.idle(assigned.build(), assigned.getTask().getStatus(), TASK_STATE_RUNNING);
    runtime.start(TaskSpec.of(task.id(), List.of("sleep")));
    return prober.probe(task, runtime);
  }

  @Test
  void aStatusFrom200To399IsHealthyAlsoWhenTheServerKeepsTheConnection() throws Exception {
    answering("HTTP/1.1 204 No Content\r\n\r\n");
    assertThat(probe("HTTP", "/health").healthy()).isTrue();
    assertThat(probe("HTTP", "/health", "80").healthy()).isTrue();
  }

  @Test
  void anyOtherStatusIsNotAndItsBodyIsShown() throws Exception {
    answering("HTTP/1.1 503 Service Unavailable\r\nA: b\r\n\r\nno database");
    assertThat(probe("HTTP", "/health"))
        .isEqualTo(new TaskEvent.Probed(false, "GET /health: status 503: no database"));
  }

  @Test
  void whatDoesNotSpeakHttpIsNotHealthy() throws Exception {
    answering("220 mail.example.org ESMTP\r\n".repeat(1000));
    assertThat(probe("HTTP", "/").output())
        .isEqualTo("GET /: no HTTP answer, but \"220 mail.example.org ESMTP\"");
  }

  @Test
  void aServerThatSaysNothingIsNotHealthyWhenTheTimeIsOver() throws Exception {
    answering("");
    assertThat(probe("HTTP", "/health"))
        .isEqualTo(new TaskEvent.Probed(false, "GET /health: no answer within 300 ms"));
  }

  @Test
  void aPortThatTakesAConnectionIsHealthyAndAClosedOneIsNot() throws Exception {
    assertThat(probe("TCP").healthy()).isTrue();
    server.close();
    assertThat(probe("TCP", "80").output()).contains("tcp").contains("refused");
  }

  @Test
  void aCommandIsHealthyWhenItExitsWith0() throws Exception {
    assertThat(probe("CMD", "true").healthy()).isTrue();
    runtime.execEnds("t1", new Execution(2, false, "no database"));
    assertThat(probe("CMD-SHELL", "check"))
        .isEqualTo(new TaskEvent.Probed(false, "exit code 2: no database"));
    runtime.execEnds("t1", new Execution(137, true, "waiting"));
    assertThat(probe("CMD", "check").output()).isEqualTo("check took longer than 300 ms: waiting");
  }

  @Test
  void aCheckThatThisNodeDoesNotKnowIsNeverHealthy() throws Exception {
    assertThat(probe("GRPC", "x").output()).contains("knows no health check \"GRPC\"");
    assertThat(probe("HTTP").healthy()).isFalse();
    assertThat(probe("TCP", "many").healthy()).isFalse();
  }
}
