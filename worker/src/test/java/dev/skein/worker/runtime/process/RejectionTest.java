package dev.skein.worker.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.RuntimeRejection;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What cannot run is refused with a reason before anything is made.
class RejectionTest {

  private RuntimeLab lab;

  @BeforeEach
  void open() throws Exception {
    lab = new RuntimeLab(false);
  }

  @AfterEach
  void close() throws Exception {
    lab.close();
  }

  private void assertRejected(TaskSpec spec, String... reasons) {
    assertThatThrownBy(() -> lab.runtime().prepare(spec))
        .isInstanceOf(RuntimeRejection.class)
        .hasMessageContainingAll(reasons);
    assertThat(lab.directory.resolve("tasks")).isEmptyDirectory();
  }

  private static TaskSpec task(String... command) {
    return TaskSpec.of("task", List.of(command));
  }

  @Test
  void idsThatAreNoFileNamesAreRefused() {
    assertRejected(TaskSpec.of("../x", List.of("true")), "task id \"../x\"");
    assertRejected(TaskSpec.of("", List.of("true")), "task id \"\"");
    assertRejected(TaskSpec.of("a".repeat(65), List.of("true")), "64");
  }

  @Test
  void commandsThatAreNotThereAreRefused() throws Exception {
    assertRejected(task("no-such-program"), "command \"no-such-program\" was not found in PATH");
    assertRejected(task("/bin/no-such-program"), "does not exist on this node");
    assertRejected(task("/etc/passwd"), "is not an executable file");
    assertRejected(task("/tmp"), "is not an executable file");
    assertRejected(task(), "no command given");
    assertRejected(
        task("true").withEnv(Map.of("PATH", "/nowhere")), "not found in PATH \"/nowhere\"");
  }

  @Test
  void directoriesThatAreNotThereAreRefused() {
    assertRejected(task("true").withWorkdir("/no/such"), "working directory \"/no/such\"");
    assertRejected(task("true").withWorkdir("relative"), "not an absolute path");
  }

  @Test
  void usersThatAreNotThereAreRefused() {
    assertRejected(task("true").withUser("no-such-user"), "there is no user \"no-such-user\"");
    assertRejected(task("true").withUser("root:nogrp"), "there is no group \"nogrp\"");
    assertRejected(task("true").withUser("-x"), "\"-x\" is not a user's name or number");
    assertRejected(task("true").withUser("4294967295"), "above the limit");
  }

  @Test
  void limitsThatCannotBeEnforcedAreRefused() {
    assertRejected(
        task("true").withLimits(new Limits(0, 64 << 20, 0)),
        "memory limit of 67108864 bytes cannot be enforced on this node: cgroups are turned off");
    assertRejected(task("true").withLimits(new Limits(5, 0, 0)), "too low");
  }

  @Test
  void stringsThatNoProgramCanTakeAreRefused() {
    assertRejected(task("true", "a\0b"), "NUL");
    assertRejected(task("true").withEnv(Map.of("SECRET", "a\0b")), "SECRET", "NUL");
    assertRejected(task("true").withEnv(Map.of("A=B", "")), "\"A=B\"");
    assertRejected(task("true", "x".repeat(SpecCheck.MAX_STRING_BYTES + 1)), "the limit is");
    assertThatThrownBy(
            () ->
                new SpecCheck(List.of(), StandardCharsets.US_ASCII)
                    .check(task("true", "é"), Map.of("PATH", "/bin"), lab.directory))
        .hasMessageContaining("LC_ALL=C.UTF-8");
  }

  @Test
  void aRejectionNeverShowsASecret() {
    var spec = task("true").withEnv(Map.of("PASSWORD", "hunter2\0"));
    assertThatThrownBy(() -> lab.runtime().prepare(spec)).message().doesNotContain("hunter2");
  }

  @Test
  void aTaskIsPreparedOnce() throws Exception {
    lab.runtime().prepare(task("true"));
    assertThatThrownBy(() -> lab.runtime().prepare(task("true")))
        .isInstanceOf(RuntimeRejection.class)
        .hasMessage("task task exists on this node already");
  }

  @Test
  void unknownTasksHaveNoLogButCanBeRemoved() throws Exception {
    assertThatThrownBy(() -> lab.lines("unknown")).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> lab.runtime().signal("unknown", Signal.TERM))
        .isInstanceOf(NoSuchFileException.class);
    lab.runtime().remove("unknown");
  }

  @Test
  void aSpecificationOfANewerDaemonIsNotGuessedAt() throws Exception {
    lab.run(task("true"));
    var file = lab.directory.resolve("tasks/task/spec");
    var bytes = Files.readAllBytes(file);
    bytes[7] = 2;
    Files.write(file, bytes);
    var reopened = lab.reopen();
    assertThatThrownBy(reopened::adopt).hasMessageContaining("newer daemon");
  }

  @Test
  void signalsAreReadAsDockerReadsThem() {
    assertThat(Signal.parse("SIGTERM")).isEqualTo(Signal.TERM);
    assertThat(Signal.parse("kill")).isEqualTo(Signal.KILL);
    assertThat(Signal.parse("3").name()).isEqualTo("SIGQUIT");
    assertThat(Signal.parse("SIGRTMIN+3").number()).isEqualTo(37);
    assertThat(Signal.parse("rtmax-1").name()).isEqualTo("SIGRTMIN+29");
    assertThatThrownBy(() -> Signal.parse("SIGRTMIN+31")).hasMessageContaining("unknown");
    assertThatThrownBy(() -> Signal.parse("SIGRTMAX-31")).hasMessageContaining("unknown");
    assertThatThrownBy(() -> Signal.parse("SIGFOO")).hasMessageContaining("\"SIGFOO\"");
    assertThatThrownBy(() -> Signal.parse("0")).hasMessageContaining("not between 1 and 64");
  }
}
