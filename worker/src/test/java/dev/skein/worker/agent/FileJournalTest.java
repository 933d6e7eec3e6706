package dev.skein.worker.agent;

import static dev.skein.proto.v1.TaskState.TASK_STATE_ASSIGNED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.ManagerList;
import dev.skein.proto.v1.MeshService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileJournalTest {

  private static final List<MeshService> MESH =
      List.of(MeshService.newBuilder().setServiceId("s1").build());
  private static final ManagerList MANAGERS =
      ManagerList.newBuilder().addAddrs("10.0.0.1:2377").build();

  @TempDir Path directory;

  private static WorkerTask task() {
    return TaskMachine.assigned(
            TaskMachineTest.task(TASK_STATE_ASSIGNED, TASK_STATE_RUNNING), Instant.EPOCH)
        .task();
  }

  private void write() throws IOException {
    try (var journal = FileJournal.open(directory)) {
      journal.saveTask(task());
      journal.saveMesh(MESH);
      journal.saveManagers(MANAGERS);
    }
  }

  private Journal.Memory read() throws IOException {
    try (var journal = FileJournal.open(directory)) {
      return journal.read();
    }
  }

  @Test
  void anEmptyDirectoryRemembersNothing() throws Exception {
    assertThat(read()).isEqualTo(Journal.Memory.EMPTY);
  }

  @Test
  void whatWasWrittenIsRemembered() throws Exception {
    write();

    var memory = read();

    assertThat(memory.mesh()).isEqualTo(MESH);
    assertThat(memory.managers()).isEqualTo(MANAGERS);
    assertThat(memory.tasks())
        .singleElement()
        .satisfies(
            known -> {
              assertThat(known.status()).isEqualTo(task().status());
              assertThat(known.spec()).isEqualTo(task().spec());
              assertThat(known.desired()).isEqualTo(TASK_STATE_RUNNING);
            });
  }

  @Test
  void aForgottenTaskIsNotRemembered() throws Exception {
    write();
    try (var journal = FileJournal.open(directory)) {
      journal.forgetTask("t1");
    }

    assertThat(read().tasks()).isEmpty();
  }

  @Test
  void everyDamageOfAFileSetsItAsideAndKeepsTheRest() throws Exception {
    write();
    var file = directory.resolve("t1.task");
    var whole = Files.readAllBytes(file);
    // Cut off anywhere, or any byte changed: it is noticed.
    for (var at = 0; at < whole.length; at++) {
      var cut = java.util.Arrays.copyOf(whole, at);
      var changed = whole.clone();
      changed[at] ^= 0x20;
      for (var damaged : List.of(cut, changed)) {
        Files.write(file, damaged);
        var memory = read();
        assertThat(memory.tasks()).as("byte %d", at).isEmpty();
        assertThat(memory.managers()).isEqualTo(MANAGERS);
        assertThat(file).doesNotExist();
        assertThat(directory.resolve("t1.task.corrupt")).hasBinaryContent(damaged);
      }
    }
  }

  @Test
  void aHalfWrittenReplacementIsIgnored() throws Exception {
    write();
    Files.writeString(directory.resolve("managers.new"), "half");

    assertThat(read().managers()).isEqualTo(MANAGERS);
  }
}
