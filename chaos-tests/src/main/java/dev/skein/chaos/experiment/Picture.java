package dev.skein.chaos.experiment;

import dev.skein.chaos.experiment.RunRecord.Bar;
import java.util.ArrayList;
import java.util.List;

/// The live timeline on a terminal: a track for each fault, and how the cluster is. Pure.
final class Picture {

  private static final int LABEL_COLUMNS = 30;
  private static final int TRACKS_MAX = 12;
  private static final long SHOWN_MILLIS = 60_000;

  private Picture() {}

  /// @param now milliseconds since the run's beginning
  /// @param missing what the services miss; empty when nothing is
  static List<String> of(long now, List<Bar> bars, String leader, String missing, int columns) {
    var width = Math.max(10, columns - LABEL_COLUMNS - 2);
    var lines = new ArrayList<String>();
    var from = Math.max(0, now - SHOWN_MILLIS);
    for (var bar : bars.subList(0, Math.min(bars.size(), TRACKS_MAX))) {
      lines.add(track(bar, from, now, width));
    }
    lines.add(
        "%8s  leader %s, %s"
            .formatted(Words.since(now), leader, missing.isEmpty() ? "converged" : missing));
    return lines;
  }

  private static String track(Bar bar, long from, long now, int width) {
    var label = "%s %s".formatted(bar.fault(), bar.node().isEmpty() ? bar.target() : bar.node());
    var line = new StringBuilder("%-" + LABEL_COLUMNS + "s ");
    for (var column = 0; column < width; column++) {
      var begin = from + SHOWN_MILLIS * column / width;
      var end = from + SHOWN_MILLIS * (column + 1) / width;
      var inForce =
          bar.beginMillis() >= 0
              && bar.beginMillis() < end
              && Math.max(bar.endMillis(), bar.beginMillis()) >= begin;
      line.append(begin > now ? ' ' : inForce ? '█' : '·');
    }
    var shown = label.length() > LABEL_COLUMNS ? label.substring(0, LABEL_COLUMNS) : label;
    return line.toString().formatted(shown);
  }
}
