package dev.skein.worker.agent;

import static dev.skein.proto.v1.TaskState.TASK_STATE_FAILED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_REMOVE;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_SHUTDOWN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.process.ProcessRuntime;
import dev.skein.worker.runtime.process.ProcessRuntimeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Agents that die and come back, over real processes.
@Timeout(60)
final class RestartTest {

  @TempDir Path directory;
  private final Lab lab = new Lab();

  @BeforeEach
  void oneManagerLeads() throws Exception {
    lab.manager("m1");
    lab.lead("m1");
    lab.node("w1", NodeRole.NODE_ROLE_WORKER);
  }

  @AfterEach
  void close() throws IOException {
    lab.close();
    // Whatever a failed test left running.
    try (var left = openRuntime()) {
      for (var id : left.adopt().keySet()) {
        left.remove(id);
      }
    }
  }

  private TaskRuntime openRuntime() throws IOException {
    return ProcessRuntime.open(
        ProcessRuntimeConfig.of(
            directory.resolve("process"), "agent-test-" + ProcessHandle.current().pid()),
        InstantSource.system());
  }

  private Lab.Worker start() throws IOException {
    return lab.worker("w1", openRuntime(), FileJournal.open(directory.resolve("journal")), "m1");
  }

  private static void kill(Lab.Worker worker) {
    worker.kill();
    worker.runtime.close();
  }

  private long pidOf(String taskId) {
    return lab.taskOf(taskId).getStatus().getContainerStatus().getPid();
  }

  /// Whether the process runs; one that has ended and waits for its parent to notice does not.
  private static boolean runs(long pid) {
    try {
      var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException gone) {
      return false;
    }
  }

  @Test
  void aRestartedAgentAdoptsItsRunningTasks() throws Exception {
    var worker = start();
    lab.service("s1", List.of("sleep", "600"), Lab.ingress(8080, 80));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    var before = lab.taskOf("t1").getStatus();

    kill(worker);
    assertThat(runs(pidOf("t1"))).isTrue();
    var again = start();

    lab.awaitNode("w1", NodeState.NODE_STATE_READY);
    lab.await("it runs on", () -> again.stateOf("t1") == TASK_STATE_RUNNING);
    assertThat(lab.taskOf("t1").getStatus().getPortsList()).isEqualTo(before.getPortsList());
    assertThat(pidOf("t1")).isEqualTo(before.getContainerStatus().getPid());

    lab.desire("t1", TASK_STATE_SHUTDOWN);
    again.agent.meshLetGo("t1");
    lab.awaitObserved("t1", TASK_STATE_SHUTDOWN);
    assertThat(runs(pidOf("t1"))).isFalse();
  }

  @Test
  void aTaskThatEndedWhileNoAgentWasThereIsReportedWithItsExitCode() throws Exception {
    var worker = start();
    var go = directory.resolve("go");
    lab.service(
        "s1", List.of("sh", "-c", "while [ ! -e " + go + " ]; do sleep 0.02; done; exit 7"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);

    kill(worker);
    Files.createFile(go);
    lab.await("it ended", () -> !runs(pidOf("t1")));
    start();

    lab.awaitObserved("t1", TASK_STATE_FAILED);
    assertThat(lab.taskOf("t1").getStatus().getContainerStatus().getExitCode()).isEqualTo(7);
  }

  @Test
  void aDamagedJournalCostsNoTask() throws Exception {
    var worker = start();
    lab.service("s1", List.of("sleep", "600"), Lab.ingress(8080, 80));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    var before = lab.taskOf("t1").getStatus();
    kill(worker);

    try (var files = Files.newDirectoryStream(directory.resolve("journal"))) {
      for (var file : files) {
        Files.writeString(file, "not what was written");
      }
    }
    var again = start();

    lab.await("it runs on", () -> again.stateOf("t1") == TASK_STATE_RUNNING);
    lab.await("it is connected", again.agent::isConnected);
    assertThat(runs(pidOf("t1"))).isTrue();
    assertThat(lab.taskOf("t1").getStatus().getPortsList()).isEqualTo(before.getPortsList());
    assertThat(directory.resolve("journal/t1.task.corrupt")).exists();
  }

  @Test
  void cutOffFromTheManagersARestartedAgentKeepsTasksAndMeshOnWhatItLastKnew() throws Exception {
    var worker = start();
    lab.service("s1", List.of("sleep", "600"), Lab.ingress(8080, 80));
    lab.task("t1", "s1", "w1");
    lab.await(
        "the mesh has it",
        () -> !worker.mesh.isEmpty() && worker.mesh.getFirst().getEndpointsCount() == 1);
    var mesh = worker.mesh;
    lab.leaderless();
    kill(worker);

    var again = start();

    lab.await("it runs on", () -> again.stateOf("t1") == TASK_STATE_RUNNING);
    lab.await("the mesh is back", () -> again.mesh.equals(mesh));
    assertThat(runs(pidOf("t1"))).isTrue();
  }

  @Test
  void aTaskThatWasReplacedWhileItsNodeWasAwayIsStoppedOnItsReturn() throws Exception {
    var worker = start();
    lab.service("s1", List.of("sleep", "600"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    kill(worker);
    lab.awaitNode("w1", NodeState.NODE_STATE_DOWN);
    lab.desire("t1", TASK_STATE_SHUTDOWN);
    assertThat(runs(pidOf("t1"))).isTrue();

    start();

    lab.awaitObserved("t1", TASK_STATE_SHUTDOWN);
    assertThat(runs(pidOf("t1"))).isFalse();
  }

  @Test
  void aTaskThatTheManagersForgotIsStoppedAndLeavesNothing() throws Exception {
    var worker = start();
    lab.service("s1", List.of("sleep", "600"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    var pid = pidOf("t1");
    kill(worker);
    lab.remove(ObjectKind.OBJECT_KIND_TASK, "t1");

    var again = start();

    lab.await("it is connected", again.agent::isConnected);
    lab.await("it is forgotten", () -> again.agent.tasks().isEmpty());
    assertThat(runs(pid)).isFalse();
    assertThat(directory.resolve("process/tasks")).isEmptyDirectory();
    lab.await("the journal forgets it", () -> !Files.exists(directory.resolve("journal/t1.task")));
  }

  @Test
  void aRemovedTaskOfAWholeProcessTreeLeavesNoProcess() throws Exception {
    start();
    lab.service("s1", List.of("sh", "-c", "sleep 600 & sleep 600 & wait"));
    lab.task("t1", "s1", "w1");
    lab.awaitObserved("t1", TASK_STATE_RUNNING);
    var main = ProcessHandle.of(pidOf("t1")).orElseThrow();
    lab.await("its children run", () -> main.descendants().count() >= 2);
    var all = main.descendants().toList();

    lab.desire("t1", TASK_STATE_REMOVE);

    lab.awaitObserved("t1", TASK_STATE_SHUTDOWN);
    assertThat(all).noneMatch(process -> runs(process.pid()));
  }
}
