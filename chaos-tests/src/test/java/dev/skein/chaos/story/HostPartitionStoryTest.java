package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Launcher;
import dev.skein.chaos.cluster.Outcome;
import dev.skein.chaos.cluster.Script;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A node that is known by the API alone is cut off from the others and healed, although it hears
/// nobody then. Needs root, for networks of the nodes' own.
class HostPartitionStoryTest {

  private static final String EXPERIMENT =
      """
      apiVersion: chaos/v1
      title: A worker is cut off, and more
      workload: {clients: 1, keys: 4, rate: 10/s, services: 1, replicas: 2}
      method:
        - {at: 1s, fault: task.hang, target: worker, for: 2s}
        - {at: 5s, fault: task.kill, target: worker}
        - {at: 8s, fault: partition, target: worker, for: 12s}
        - {at: 24s, fault: loss, target: worker, for: 3s, options: {percent: 10}}
        - {at: 31s, fault: reset, target: worker, for: 3s}
        - {at: 38s, fault: partition.out, target: worker, for: 3s}
        - {at: 45s, fault: partition.in, target: worker, for: 3s}
        - {at: 52s, fault: crash, target: worker, for: 3s}
      verify: [linearizable, no_lost_ack, converged<120s]
      """;

  @TempDir private Path directory;

  private Outcome skein(LabNode asked, String... words) throws Exception {
    var all = new String[words.length + 2];
    all[0] = "--host";
    all[1] = "unix://" + asked.socket();
    System.arraycopy(words, 0, all, 2, words.length);
    var environment = Map.of("SKEIN_DEV_ROOT", directory.resolve("dev").toString());
    return Script.run(Launcher.script(), environment, all);
  }

  private static String tables(LabNode node) throws IOException, InterruptedException {
    var process = new ProcessBuilder(node.inside("nft", "list", "tables")).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return text;
  }

  @Test
  void aNodeIsCutOffByItsOwnPacketFilterAndHealedByItsOwnClock() throws Exception {
    var file = Files.writeString(directory.resolve("cut.yaml"), EXPERIMENT).toString();
    try (var lab = Lab.create(Launcher.script(), Lab.Plan.of(1, 1))) {
      var manager = lab.node("m1");
      var worker = lab.node("w1");
      skein(manager, "node", "update", "--label-add", "chaos.allowed=true", "w1").ok();
      var run = new Outcome[1];
      var failed = new Exception[1];
      var running =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      run[0] = skein(manager, "chaos", "run", file);
                    } catch (Exception e) {
                      failed[0] = e;
                    }
                  });
      Await.until(
          "the worker is cut off",
          Duration.ofMinutes(2),
          () -> assertThat(tables(worker)).contains("skein_fault"));
      running.join();
      assertThat(failed[0]).isNull();
      assertThat(run[0].ok().text())
          .contains("PASSED")
          .contains("partition at w1 has ended", "partition.in at w1 has ended")
          .contains("partition.out at w1 has ended", "loss at w1 has ended")
          .contains("reset at w1 has ended", "task.hang at w1 has ended", "crash at w1 has ended")
          .contains("task.kill at w1")
          .doesNotContain("skipped", "failed");
      assertThat(tables(worker)).doesNotContain("skein_fault");
      assertThat(skein(manager, "service", "ls", "-q").ok().text()).isEmpty();
    }
  }
}
