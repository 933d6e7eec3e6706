package dev.skein.chaos.fault;

import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Disk;
import dev.skein.chaos.lab.LabNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Files of a manager that are not what it wrote. It must refuse to start, or get what it lost from
/// the others; it may never serve what is wrong.
final class LogFaults {

  private static final int START_SECONDS = 40;

  /// The file as it was, if the daemon refuses to start on what became of it. Where it came up, it
  /// has gone on from there, and what was kept is out of date.
  private static final String RESTORE =
      """
      kept=$0 path=$1 process=$2 data=$3
      shift 3
      "$@"
      [ -e "$kept" ] || exit
      if grep -qsF -e "$data" "/proc/$(cut -d ' ' -f 1 "$process")/cmdline"; then
        rm -f "$kept" "$path"
      else
        mv "$kept" "$(cat "$path")" && rm -f "$path" && "$@"
      fi
      """;

  private LogFaults() {}

  static List<Fault> all() {
    return List.of(
        new Fault(
            "log.torn",
            "The end of a manager's log is missing",
            "The daemon is killed, and the last bytes of its log are zeroed, as when a disk had"
                + " kept only a part of the last write. The manager drops what is not whole and"
                + " gets it again from the others.",
            List.of(Need.LAB),
            true,
            List.of(),
            site -> damage(site, "log_", LogFaults::tear)),
        new Fault(
            "log.flip",
            "A bit of a manager's log is flipped",
            "The daemon is killed, and one bit in its log is turned round. The checksum of the"
                + " entry tells: the manager refuses to start, or drops the log's end and gets it"
                + " again.",
            List.of(Need.LAB),
            true,
            List.of(),
            site -> damage(site, "log_", LogFaults::flip)),
        new Fault(
            "snapshot.flip",
            "A bit of a manager's snapshot is flipped",
            "The daemon is killed, and one bit in its newest snapshot is turned round. Its seal"
                + " tells: the manager refuses to start.",
            List.of(Need.LAB),
            true,
            List.of(),
            site -> damage(site, "snapshot.", LogFaults::flip)));
  }

  /// Changes a file.
  private interface Damage {
    void to(RandomAccessFile file, long used, Site site) throws IOException;
  }

  private static Injection damage(Site site, String prefix, Damage damage) throws IOException {
    var node = site.node();
    if (newest(node, prefix).isEmpty()) {
      throw new NotNowException(node.name() + " has no file " + prefix + "* yet");
    }
    var kept = node.beside("kept");
    var path = node.beside("kept.path");
    if (Files.exists(kept)) {
      throw new NotNowException(
          "what %s had before it was damaged is in %s still, for the place that %s names"
              .formatted(node.name(), kept, path));
    }
    var restore = new ArrayList<>(List.of("sh", "-c", RESTORE, kept.toString(), path.toString()));
    restore.addAll(List.of(node.beside("daemon.pid").toString(), node.data().toString()));
    restore.addAll(site.startCommand());
    var deadman = site.arm(List.of(restore));
    node.kill();
    // What it ended with: there may be a newer one by now.
    var file = newest(node, prefix).orElseThrow();
    Files.writeString(path, file.toString());
    // Whole or not at all: it is put back even if this process dies now.
    var half = node.beside("kept.tmp");
    Files.copy(file, half, StandardCopyOption.REPLACE_EXISTING);
    Files.move(half, kept, StandardCopyOption.ATOMIC_MOVE);
    try (var access = new RandomAccessFile(file.toFile(), "rw")) {
      damage.to(access, Disk.used(access), site);
    }
    node.launch();
    return () -> {
      if (!comesUp(site) && Files.exists(kept)) {
        site.lab().note(node.name() + " refused to start on a damaged " + file.getFileName());
        Files.copy(kept, file, StandardCopyOption.REPLACE_EXISTING);
        node.start();
      }
      Files.deleteIfExists(kept);
      Files.deleteIfExists(path);
      deadman.disarm();
    };
  }

  private static boolean comesUp(Site site) throws IOException {
    site.lab()
        .await(
            new Condition(
                site.node().name() + " answers or has ended",
                lab ->
                    site.node().answers() || !site.node().isRunning()
                        ? Optional.empty()
                        : Optional.of("neither")),
            Duration.ofSeconds(START_SECONDS));
    return site.node().isRunning();
  }

  private static Optional<Path> newest(LabNode node, String prefix) throws IOException {
    try (var files = Files.walk(node.data().resolve("raft"))) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .filter(file -> !file.getFileName().toString().endsWith(".md5"))
          .max(Comparator.comparingLong(file -> file.toFile().lastModified()));
    }
  }

  private static void tear(RandomAccessFile file, long used, Site site) throws IOException {
    var count = Math.min(used, 1 + site.random().nextInt(16));
    file.seek(used - count);
    file.write(new byte[(int) count]);
  }

  private static void flip(RandomAccessFile file, long used, Site site) throws IOException {
    if (used == 0) {
      return;
    }
    var position = site.random().nextLong(used);
    file.seek(position);
    var value = file.read();
    file.seek(position);
    file.write(value ^ (1 << site.random().nextInt(8)));
  }
}
