package dev.skein.worker.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.os.Awaiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// The version 2 hierarchy of this machine, pure or beside version 1. Run as root.
class CgroupV2Test {

  private final String daemonId = "test-" + UUID.randomUUID();

  private static List<String> mounts() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mounts"));
  }

  @Test
  void aTreeIsKilledCountedAndRemoved() throws Exception {
    var containment = Containments.v2(mounts(), daemonId).orElseThrow();
    try {
      var cgroups = containment.create("task", Limits.NONE);
      var process = startIn(cgroups.getFirst());
      assertThat(containment.killAll("other", null, Duration.ofSeconds(5))).isTrue();
      assertThat(containment.processes("task", null)).hasSize(21);
      assertThat(containment.usage("task", null).processes()).isEqualTo(21);
      assertThat(containment.usage("task", null).cpuTime()).isPositive();
      assertThat(containment.usage("task", null).memoryBytes()).isPositive();

      assertThat(containment.killAll("task", null, Duration.ofSeconds(5))).isTrue();
      assertThat(containment.processes("task", null)).isEmpty();
      assertThat(process.waitFor()).isEqualTo(137);
      assertThat(containment.taskIds()).containsExactly("task");
    } finally {
      containment.remove("task");
      assertThat(containment.taskIds()).isEmpty();
      containment.tidy();
    }
  }

  @Test
  void theCgroupsOfADaemonThatIsGoneAreRemovedOnceNothingRunsInThem() throws Exception {
    var containment = Containments.v2(mounts(), daemonId).orElseThrow();
    var cgroup = containment.create("task", Limits.NONE).getFirst();
    var daemon = Objects.requireNonNull(cgroup.getParent());
    Containments.sweep();
    assertThat(cgroup).as("its daemon lives").exists();

    var process = startIn(cgroup);
    containment.tidy();
    Containments.sweep();
    assertThat(cgroup).as("its processes live").exists();

    assertThat(containment.killAll("task", null, Duration.ofSeconds(5))).isTrue();
    process.waitFor();
    assertThat(
            Awaiting.until(
                Duration.ofSeconds(5),
                () -> {
                  Containments.sweep();
                  return !Files.exists(daemon);
                }))
        .isTrue();
  }

  /// Twenty daemons that left their session, and their parent.
  private static Process startIn(Path cgroup) throws Exception {
    var script =
        "echo 0 >\"$0\"/cgroup.procs; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20;"
            + " do setsid sleep 1000 & done; echo ready; wait";
    var process = new ProcessBuilder("sh", "-c", script, cgroup.toString()).start();
    assertThat(process.inputReader().readLine()).isEqualTo("ready");
    return process;
  }

  @Test
  void limitsAreWrittenOrDeclaredUnenforced() throws Exception {
    var containment = Containments.v2(mounts(), daemonId).orElseThrow();
    try {
      for (var feature : containment.features()) {
        if (feature.name().equals(Feature.PIDS_LIMIT) && feature.enforced()) {
          var cgroup = containment.create("task", new Limits(0, 0, 7)).getFirst();
          assertThat(Files.readString(cgroup.resolve("pids.max"))).isEqualTo("7\n");
        } else if (!feature.enforced()) {
          assertThat(feature.how()).contains("cannot be enabled here");
        }
      }
      assertThat(containment.features())
          .filteredOn(feature -> feature.name().equals(Feature.PROCESS_TREE))
          .singleElement()
          .extracting(Feature::enforced)
          .isEqualTo(true);
    } finally {
      containment.remove("task");
      containment.tidy();
    }
  }

  @Test
  void v1NeedsTheFreezerAndSharedMountsAreJoinedOnce() throws Exception {
    assertThat(Containments.v1(List.of("cgroup /x cgroup rw,memory 0 0"), daemonId)).isEmpty();
    var directory = Files.createTempDirectory("cgroup");
    var all =
        Containments.v1(
                List.of("cgroup " + directory + " cgroup rw,cpu,cpuacct,freezer 0 0"), daemonId)
            .orElseThrow();
    assertThat(all.create("task", Limits.NONE))
        .containsExactly(directory.resolve("skein").resolve(daemonId).resolve("task"));
    all.remove("task");
    all.tidy();
    Files.delete(directory);
  }
}
