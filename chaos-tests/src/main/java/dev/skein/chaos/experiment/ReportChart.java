package dev.skein.chaos.experiment;

import static dev.skein.chaos.experiment.ReportPage.text;

import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/// The picture in a report: lanes of faults, of leaders, of services that miss tasks, and the
/// latency of writes, over one axis of time. Pure.
final class ReportChart {

  private static final int TOP = 10;
  private static final int LEFT = 190;
  private static final int WIDTH = 1_100;
  private static final int RIGHT = 20;
  private static final int LANE = 24;
  private static final int LATENCY_HEIGHT = 180;
  private static final int GAP = 18;
  private static final int COLORS = 6;
  private static final List<Integer> TICK_SECONDS =
      List.of(1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800);
  private static final int TICKS_MAX = 14;

  private final RunRecord run;
  private final StringBuilder out = new StringBuilder(20_000);
  private int y = TOP;

  ReportChart(RunRecord run) {
    this.run = run;
  }

  String svg() {
    y += LANE * (run.faults().size() + 2) + 2 * GAP + LATENCY_HEIGHT + 12;
    var axis = y;
    // First, so that nothing is behind its lines.
    axis(axis);
    y = TOP;
    run.faults().forEach(this::fault);
    y += GAP;
    leaders();
    converged();
    y += GAP;
    latency();
    var height = axis + 34;
    return "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"timeline of the run\">%n%s</svg>"
        .formatted(WIDTH, height, out);
  }

  private double x(long millis) {
    var whole = Math.max(1, run.lengthMillis());
    return LEFT + (WIDTH - LEFT - RIGHT) * Math.clamp((double) millis / whole, 0, 1);
  }

  @SuppressWarnings("AnnotateFormatMethod") // The annotation is in a library that this has not.
  private void add(String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private void label(String what) {
    add("<text class=\"label\" x=\"%d\" y=\"%d\">%s</text>", LEFT - 10, y + LANE - 8, text(what));
    add(
        "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>",
        LEFT, WIDTH - RIGHT, y + LANE, y + LANE);
  }

  private void bar(long from, long to, String style, String title, String caption) {
    var width = Math.max(3, x(to) - x(from));
    add(
        "<g><title>%s</title><rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\""
            + " rx=\"3\"/>",
        text(title), style, x(from), y + 3, width, LANE - 6);
    if (width > caption.length() * 7.5 + 8) {
      add(
          "<text class=\"caption\" x=\"%.1f\" y=\"%d\">%s</text>",
          x(from) + 6, y + LANE - 8, text(caption));
    }
    add("</g>");
  }

  private void fault(RunRecord.Bar bar) {
    label(bar.fault() + (bar.node().isEmpty() ? "" : " " + bar.node()));
    if (bar.beginMillis() < 0) {
      add(
          "<text class=\"skipped\" x=\"%d\" y=\"%d\">%s</text>",
          LEFT + 6, y + LANE - 8, text(bar.state()));
    } else {
      bar(
          bar.beginMillis(),
          bar.endMillis(),
          "fault",
          "%s at %s, %s for %s"
              .formatted(
                  bar.fault(),
                  bar.node(),
                  Words.since(bar.beginMillis()),
                  ReportPage.seconds(bar.endMillis() - bar.beginMillis())),
          bar.fault());
    }
    y += LANE;
  }

  private void leaders() {
    label("leader and term");
    var names = new TreeSet<String>();
    run.leaders().forEach(lead -> names.add(lead.node()));
    var order = List.copyOf(names);
    for (var i = 0; i < run.leaders().size(); i++) {
      var lead = run.leaders().get(i);
      var to =
          i + 1 < run.leaders().size() ? run.leaders().get(i + 1).fromMillis() : run.lengthMillis();
      var caption = lead.node() + (lead.term() > 0 ? " · " + lead.term() : "");
      bar(
          lead.fromMillis(),
          to,
          "lead c" + order.indexOf(lead.node()) % COLORS,
          caption + " from " + Words.since(lead.fromMillis()),
          caption);
    }
    y += LANE;
  }

  private void converged() {
    label("services miss tasks");
    for (var span : run.unconverged()) {
      bar(span.fromMillis(), span.toMillis(), "missing", span.what(), "");
    }
    y += LANE;
  }

  private void latency() {
    var max =
        Math.max(1, run.writes().stream().mapToDouble(RunRecord.Second::p99Millis).max().orElse(1));
    // A scale of powers of ten: a second without a leader would hide all else.
    var decades = (int) Math.max(1, Math.ceil(Math.log10(max)));
    for (var i = 0; i <= decades; i++) {
      var at = y + LATENCY_HEIGHT - (double) LATENCY_HEIGHT * i / decades;
      add(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
          LEFT, WIDTH - RIGHT, at, at);
      add(
          "<text class=\"label\" x=\"%d\" y=\"%.1f\">%s ms</text>",
          LEFT - 10, at + 4, "1" + "0".repeat(i));
    }
    add(
        "<text class=\"label\" x=\"%d\" y=\"%d\">write latency</text>",
        LEFT - 70, y + LATENCY_HEIGHT / 2);
    add("<path class=\"p99\" d=\"%s\"/>", path(true, decades));
    add("<path class=\"p50\" d=\"%s\"/>", path(false, decades));
    for (var second : run.writes()) {
      if (second.acknowledged() == 0) {
        add(
            "<g><title>no write acknowledged, %d of unknown outcome</title><rect class=\"refused\""
                + " x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"5\"/></g>",
            second.unknown(),
            x(second.second() * 1_000L),
            y + LATENCY_HEIGHT + 3,
            Math.max(2, x(second.second() * 1_000L + 1_000) - x(second.second() * 1_000L)));
      }
    }
    y += LATENCY_HEIGHT + 12;
  }

  /// A line that is broken where a second has no acknowledged write.
  private String path(boolean p99, int decades) {
    var path = new StringBuilder();
    var last = -2;
    for (var second : run.writes()) {
      if (second.acknowledged() == 0) {
        continue;
      }
      var millis = Math.max(1, p99 ? second.p99Millis() : second.p50Millis());
      var up = LATENCY_HEIGHT * Math.clamp(Math.log10(millis) / decades, 0, 1);
      path.append(
          String.format(
              Locale.ROOT,
              "%s%.1f %.1f ",
              second.second() == last + 1 ? "L" : "M",
              x(second.second() * 1_000L + 500),
              y + LATENCY_HEIGHT - up));
      last = second.second();
    }
    return path.toString();
  }

  private void axis(int at) {
    var seconds = run.lengthMillis() / 1_000;
    var step =
        TICK_SECONDS.stream().filter(tick -> seconds / tick <= TICKS_MAX).findFirst().orElse(3_600);
    for (var second = 0L; second <= seconds; second += step) {
      add(
          "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>",
          x(second * 1_000), x(second * 1_000), TOP, at);
      add(
          "<text class=\"tick\" x=\"%.1f\" y=\"%d\">%d s</text>",
          x(second * 1_000), at + 18, second);
    }
  }
}
