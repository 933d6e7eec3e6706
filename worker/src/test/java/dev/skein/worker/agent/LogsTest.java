package dev.skein.worker.agent;

import static dev.skein.proto.v1.TaskState.TASK_STATE_COMPLETE;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.LogLine;
import dev.skein.proto.v1.LogOptions;
import dev.skein.proto.v1.LogsRequest;
import dev.skein.proto.v1.LogsResponse;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.process.ProcessRuntime;
import dev.skein.worker.runtime.process.ProcessRuntimeConfig;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Logs from real processes, by way of the leader, to whoever asks.
@Timeout(60)
final class LogsTest {

  private static final LogOptions ALL =
      LogOptions.newBuilder().setTail(-1).setStdout(true).setStderr(true).build();
  private static final LogOptions FOLLOW = ALL.toBuilder().setFollow(true).build();

  @TempDir Path directory;
  private final Lab lab = new Lab();
  private final List<TaskRuntime> runtimes = new ArrayList<>();
  private Server server;
  private ManagedChannel control;

  @BeforeEach
  void oneManagerLeads() throws Exception {
    lab.manager("m1");
    var broker = lab.lead("m1").logs;
    var name = "logs-" + System.identityHashCode(this);
    server =
        InProcessServerBuilder.forName(name)
            .addService(
                new ControlGrpc.ControlImplBase() {
                  @Override
                  public void logs(LogsRequest request, StreamObserver<LogsResponse> observer) {
                    broker.logs(request, observer);
                  }
                })
            .build()
            .start();
    control = InProcessChannelBuilder.forName(name).build();
  }

  @AfterEach
  void close() throws IOException {
    control.shutdownNow();
    server.shutdownNow();
    lab.close();
    for (var runtime : runtimes) {
      for (var id : List.of("t1", "t2", "t3")) {
        runtime.remove(id);
      }
      runtime.close();
    }
  }

  private Lab.Worker worker(String id) throws IOException {
    var runtime =
        ProcessRuntime.open(
            ProcessRuntimeConfig.of(
                directory.resolve(id), "logs-test-" + ProcessHandle.current().pid() + "-" + id),
            InstantSource.system());
    runtimes.add(runtime);
    lab.node(id, dev.skein.proto.v1.NodeRole.NODE_ROLE_WORKER);
    return lab.worker(id, runtime, Journal.none(), "m1");
  }

  /// What a client gets.
  private static final class Client implements StreamObserver<LogsResponse> {
    final List<LogLine> lines = new CopyOnWriteArrayList<>();
    final List<String> warnings = new CopyOnWriteArrayList<>();
    final CompletableFuture<Status> ended = new CompletableFuture<>();

    @Override
    public void onNext(LogsResponse response) {
      lines.addAll(response.getLinesList());
      if (!response.getWarning().isEmpty()) {
        warnings.add(response.getWarning());
      }
    }

    @Override
    public void onError(Throwable failure) {
      ended.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      ended.complete(Status.OK);
    }

    List<String> texts() {
      return lines.stream().map(line -> line.getLine().toStringUtf8()).toList();
    }

    Status end() throws Exception {
      return ended.get(20, TimeUnit.SECONDS);
    }
  }

  private Client logs(String ref, ObjectKind kind, LogOptions options) {
    var client = new Client();
    ControlGrpc.newStub(control)
        .logs(
            LogsRequest.newBuilder().setRef(ref).setKind(kind).setOptions(options).build(), client);
    return client;
  }

  @Test
  void theLogsOfAServiceComeFromAllItsNodes() throws Exception {
    worker("w1");
    worker("w2");
    lab.service("s1", List.of("sh", "-c", "echo out of $SKEIN_TASK_ID; echo err >&2"));
    lab.task("t1", "s1", "w1");
    lab.task("t2", "s1", "w2");
    lab.awaitObserved("t1", TASK_STATE_COMPLETE);
    lab.awaitObserved("t2", TASK_STATE_COMPLETE);

    var client = logs("s1-name", ObjectKind.OBJECT_KIND_SERVICE, ALL);

    assertThat(client.end().isOk()).isTrue();
    assertThat(client.texts()).containsExactlyInAnyOrder("out of t1", "err", "out of t2", "err");
    assertThat(client.lines)
        .allSatisfy(
            line -> {
              assertThat(line.getServiceId()).isEqualTo("s1");
              assertThat(line.getNodeId()).isEqualTo(line.getTaskId().replace('t', 'w'));
            });
  }

  @Test
  void aFollowerGetsLinesAndTasksThatAppearLater() throws Exception {
    worker("w1");
    worker("w2");
    var go = directory.resolve("go");
    lab.service(
        "s1",
        List.of(
            "sh",
            "-c",
            "echo first of $SKEIN_TASK_ID; while [ ! -e "
                + go
                + " ]; do sleep 0.02; done; echo second of $SKEIN_TASK_ID"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    var client = logs("s1", ObjectKind.OBJECT_KIND_SERVICE, FOLLOW);
    lab.await("the first line", () -> client.texts().contains("first of t1"));

    lab.task("t2", "s1", "w2");
    lab.await("the new task's line", () -> client.texts().contains("first of t2"));
    Files.createFile(go);

    lab.await("what they write at last", () -> client.lines.size() == 4);
    assertThat(client.texts()).contains("second of t1", "second of t2");
    assertThat(client.ended).isNotDone();
    lab.remove(ObjectKind.OBJECT_KIND_TASK, "t1");
    lab.remove(ObjectKind.OBJECT_KIND_TASK, "t2");
    lab.remove(ObjectKind.OBJECT_KIND_SERVICE, "s1");
    assertThat(client.end().isOk()).isTrue();
  }

  @Test
  void followingOneTaskEndsWithIt() throws Exception {
    worker("w1");
    lab.service("s1", List.of("sh", "-c", "echo a; sleep 0.2; echo b"));
    lab.task("t1", "s1", "w1");

    var client = logs("t1", ObjectKind.OBJECT_KIND_TASK, FOLLOW);

    assertThat(client.end().isOk()).isTrue();
    assertThat(client.texts()).containsExactly("a", "b");
  }

  @Test
  void aNodeThatIsAwayIsAWarningAndNotSilence() throws Exception {
    worker("w1");
    lab.node("w2", dev.skein.proto.v1.NodeRole.NODE_ROLE_WORKER);
    lab.service("s1", List.of("echo", "here"));
    lab.task("t1", "s1", "w1");
    lab.task("t2", "s1", "w2");
    lab.awaitObserved("t1", TASK_STATE_COMPLETE);

    var client = logs("s1", ObjectKind.OBJECT_KIND_SERVICE, ALL);

    assertThat(client.end().isOk()).isTrue();
    assertThat(client.texts()).containsExactly("here");
    assertThat(client.warnings)
        .containsExactly("node w2 is not connected: the logs of 1 task are missing");
  }

  @Test
  void theTailOfALongLogIsAllThatIsSent() throws Exception {
    worker("w1");
    lab.service("s1", List.of("seq", "20000"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_COMPLETE);

    var tail = logs("s1", ObjectKind.OBJECT_KIND_SERVICE, ALL.toBuilder().setTail(3).build());
    assertThat(tail.end().isOk()).isTrue();
    assertThat(tail.texts()).containsExactly("19998", "19999", "20000");

    var all = logs("s1", ObjectKind.OBJECT_KIND_SERVICE, ALL);
    assertThat(all.end().isOk()).isTrue();
    assertThat(all.lines).hasSize(20_000);
  }

  @Test
  void anUnknownServiceIsNotFound() throws Exception {
    var status = logs("nope", ObjectKind.OBJECT_KIND_SERVICE, ALL).end();

    assertThat(status.getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(status.getDescription()).isEqualTo("service nope not found");
  }
}
