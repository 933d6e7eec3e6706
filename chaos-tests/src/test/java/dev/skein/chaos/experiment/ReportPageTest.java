package dev.skein.chaos.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.experiment.RunRecord.Bar;
import dev.skein.chaos.experiment.RunRecord.Judged;
import dev.skein.chaos.experiment.RunRecord.Lead;
import dev.skein.chaos.experiment.RunRecord.Outcome;
import dev.skein.chaos.experiment.RunRecord.Said;
import dev.skein.chaos.experiment.RunRecord.Second;
import dev.skein.chaos.experiment.RunRecord.Span;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

class ReportPageTest {

  @TempDir Path directory;

  private static RunRecord run(String id) {
    return new RunRecord(
        id,
        "A <title> & \"more\" @CHART@",
        7,
        1_000,
        30_000,
        Outcome.FAILED,
        "watch does not hold",
        1_234,
        2_500,
        -1,
        List.of(
            new Bar(1, "kill", "leader", "m1", "", 3_000, 9_000, "done"),
            new Bar(2, "loss", "any", "", "", -1, -1, "skipped: no network of its own")),
        List.of(new Lead("m1", 1, 0), new Lead("m2", 2, 4_000)),
        List.of(new Second(0, 10, 0, 2.5, 40), new Second(1, 0, 3, 0, 0)),
        List.of(new Span(4_000, 6_000, "chaos-1: 1 of 2 run")),
        List.of(new Judged("watch", "violated", "a gap\nat <5>")),
        List.of(new Said(3_000, "kill at m1 (leader)")));
  }

  @Test
  void thePageHasAllAndNeedsNothingElse() {
    var page = ReportPage.of(run("a"));
    assertThat(page)
        .contains("A &lt;title&gt; &amp; &quot;more&quot; &#64;CHART&#64;")
        .contains("FAILED", "watch does not hold", "1,234", "2.5 s", "never")
        .contains("m2 · 2", "skipped: no network of its own", "chaos-1: 1 of 2 run")
        .contains("at &lt;5&gt;", "kill at m1 (leader)", "prefers-color-scheme: dark")
        .doesNotContain("http:", "https:", "<script", "src=");
    assertThat(page.replaceAll("&#64;", "")).doesNotContain("@TITLE@", "@CHART@", "@FAULTS@");
  }

  @Test
  void thePictureIsWellFormed() throws Exception {
    var picture = new ReportChart(run("a")).svg();
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(picture)));
    assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(5);
  }

  @Test
  void aRunIsKeptAndReadAgainAndOldOnesGiveWay() throws Exception {
    var store = new RunStore(directory);
    var now = ZonedDateTime.of(2026, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC);
    var first = store.create("The leader dies!", now);
    assertThat(first).isEqualTo("20260102-030405-the-leader-dies");
    assertThat(store.ids()).isEmpty();
    store.write(run(first));
    assertThat(store.read(first)).isEqualTo(run(first));
    for (var i = 1; i <= RunStore.RUNS_MAX; i++) {
      store.write(run(store.create("More", now.plusSeconds(i))));
    }
    assertThat(store.ids()).hasSize(RunStore.RUNS_MAX).doesNotContain(first);
  }
}
