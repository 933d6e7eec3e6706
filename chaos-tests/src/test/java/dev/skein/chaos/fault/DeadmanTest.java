package dev.skein.chaos.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.chaos.cluster.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadmanTest {

  private static final Duration LONG = Duration.ofMinutes(5);

  @TempDir private Path directory;

  private Deadman writing(Path file, Duration after) throws Exception {
    return Deadman.arm(
        after,
        List.of(List.of("false"), List.of("sh", "-c", "eval \"$WORDS\" >\"$0\"", file.toString())),
        Map.of("WORDS", "echo 'it is \"undone\"'"),
        directory.resolve("log"),
        new InForce("loss", "m1", "", 1, 2),
        directory.resolve("in-force"));
  }

  @Test
  void whatIsFiredUndoesAtOnceWhateverBecameOfTheCommandBefore() throws Exception {
    // The name would be a command of its own if a shell read it.
    var file = directory.resolve("it's $(undone); true");
    writing(file, LONG).fire();
    assertThat(file).hasContent("it is \"undone\"");
    assertThat(directory.resolve("in-force")).doesNotExist();
  }

  @Test
  void whatIsDisarmedUndoesNothing() throws Exception {
    var file = directory.resolve("undone");
    writing(file, LONG).disarm();
    assertThat(file).doesNotExist();
  }

  @Test
  void nobodyFiresAndItUndoesByItself() throws Exception {
    var file = directory.resolve("undone");
    var deadman = writing(file, Duration.ofSeconds(1));
    Await.until("it is undone", Duration.ofSeconds(30), () -> assertThat(file).exists());
    deadman.disarm();
  }

  @Test
  void optionsAreCheckedAndGetTheirDefaults() {
    var loss = Catalogue.find("loss").orElseThrow();
    assertThat(Catalogue.options(loss, Map.of())).containsEntry("percent", "20");
    assertThat(Catalogue.options(loss, Map.of("percent", "5"))).containsEntry("percent", "5");
    assertThatThrownBy(() -> Catalogue.options(loss, Map.of("percent", "5; reboot")))
        .hasMessage("loss: percent: \"5; reboot\" is not how many of 100 packets are lost");
    assertThatThrownBy(() -> Catalogue.options(loss, Map.of("per", "5")))
        .hasMessage("loss has no option \"per\"; it has [peers, percent]");
  }

  @Test
  void namesAreUniqueAndDefaultsAreGood() {
    assertThat(Catalogue.all()).extracting(Fault::name).doesNotHaveDuplicates();
    for (var fault : Catalogue.all()) {
      for (var option : fault.options()) {
        if (!option.byDefault().isEmpty()) {
          assertThat(option.byDefault()).matches(option.pattern());
        }
      }
    }
  }
}
