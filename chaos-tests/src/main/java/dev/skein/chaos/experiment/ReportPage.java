package dev.skein.chaos.experiment;

import dev.skein.chaos.experiment.RunRecord.Judged;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;

/// A run as one HTML file that needs nothing else: no script, no network. Pure but for the
/// page's frame, which is a resource.
public final class ReportPage {

  private static final String FRAME = "report.html";

  private ReportPage() {}

  /// The page.
  public static String of(RunRecord run) {
    return frame()
        .replace("@TITLE@", text(run.title()))
        .replace("@OUTCOME@", run.outcome().name())
        .replace("@CLASS@", run.outcome() == RunRecord.Outcome.PASSED ? "held" : "violated")
        .replace("@WHY@", text(run.why()))
        .replace("@FIGURES@", figures(run))
        .replace("@CHART@", new ReportChart(run).svg())
        .replace("@FAULTS@", faults(run))
        .replace("@VERDICTS@", verdicts(run))
        .replace("@TIMELINE@", timeline(run));
  }

  private static String frame() {
    try (var in = Objects.requireNonNull(ReportPage.class.getResourceAsStream(FRAME), FRAME)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Text as HTML.
  static String text(String plain) {
    return plain
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        // What stands for parts of the frame must not be written by an experiment's title.
        .replace("@", "&#64;");
  }

  private static String figures(RunRecord run) {
    var unknown = run.writes().stream().mapToInt(RunRecord.Second::unknown).sum();
    return figure("operations acknowledged", "%,d".formatted(run.acknowledged()))
        + figure("writes of unknown outcome", "%,d".formatted(unknown))
        + figure("longest write gap", seconds(run.writeGapMillis()))
        + figure(
            "well again after the last fault",
            run.recoveredMillis() < 0 ? "never" : seconds(run.recoveredMillis()))
        + figure("leaders", Integer.toString(run.leaders().size()))
        + figure("seed", Long.toString(run.seed()));
  }

  private static String figure(String label, String value) {
    return "<div class=\"figure\"><b>%s</b><span>%s</span></div>%n"
        .formatted(text(value), text(label));
  }

  /// Milliseconds for people.
  static String seconds(long millis) {
    return millis < 1_000 ? millis + " ms" : String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
  }

  private static String faults(RunRecord run) {
    var rows = new StringBuilder();
    for (var bar : run.faults()) {
      rows.append(
          "<tr><td>%d</td><td><code>%s</code></td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>%n"
              .formatted(
                  bar.number(),
                  text(bar.fault()),
                  text(
                      bar.node().isEmpty() || bar.node().equals(bar.target())
                          ? bar.target()
                          : bar.node() + " (" + bar.target() + ")"),
                  bar.beginMillis() < 0 ? "" : Words.since(bar.beginMillis()),
                  bar.endMillis() < 0 ? "" : Words.since(bar.endMillis()),
                  text(bar.state() + " " + bar.options())));
    }
    return rows.toString();
  }

  private static String verdicts(RunRecord run) {
    var rows = new StringBuilder();
    for (Judged judged : run.verdicts()) {
      rows.append(
          "<tr><td><code>%s</code></td><td class=\"%s\">%s</td><td><pre>%s</pre></td></tr>%n"
              .formatted(
                  text(judged.check()),
                  text(judged.verdict()),
                  text(judged.verdict()),
                  text(judged.text())));
    }
    return rows.isEmpty()
        ? "<tr><td colspan=\"3\">Nothing was to be judged.</td></tr>"
        : rows.toString();
  }

  private static String timeline(RunRecord run) {
    var rows = new StringBuilder();
    for (var said : run.lines()) {
      rows.append(
          "<tr><td class=\"time\">%s</td><td>%s</td></tr>%n"
              .formatted(Words.since(said.atMillis()), text(said.text())));
    }
    return rows.toString();
  }
}
