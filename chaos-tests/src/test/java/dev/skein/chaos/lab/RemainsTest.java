package dev.skein.chaos.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemainsTest {

  @Test
  void theNewestFilesAreKeptAsFarAsTheyFit(@TempDir Path directory) throws Exception {
    var from = directory.resolve("raft");
    Files.createDirectories(from.resolve("current"));
    var fresh = Files.writeString(from.resolve("current/log_7"), "1234");
    var old = Files.writeString(from.resolve("snapshot"), "12345678");
    Files.setLastModifiedTime(fresh, FileTime.fromMillis(2_000));
    Files.setLastModifiedTime(old, FileTime.fromMillis(1_000));
    var to = directory.resolve("kept");
    assertThat(Remains.copy(from, to, 10)).containsExactly(old);
    assertThat(to.resolve("current/log_7")).hasContent("1234");
    assertThat(Remains.copy(from, to, 12)).isEmpty();
    assertThat(to.resolve("snapshot")).hasContent("12345678");
  }

  @Test
  void aDirectoryThatIsNotThereIsToldNotThrown(@TempDir Path directory) throws Exception {
    var gone = directory.resolve("raft");
    assertThat(Remains.copy(gone, directory.resolve("kept"), 10)).containsExactly(gone);
  }
}
