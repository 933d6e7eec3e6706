package dev.skein.chaos.experiment;

import java.io.PrintStream;
import java.util.List;

/// Where a run is watched: lines that stay, and on a terminal a picture below them that is
/// drawn anew again and again. Any thread.
public final class Screen {

  private static final String CLEAR_BELOW = "\r\033[J";

  private final PrintStream out;
  private final boolean terminal;
  private final int columns;
  private int drawn;

  /// @param terminal whether it understands cursor movements
  /// @param columns how wide it is
  public Screen(PrintStream out, boolean terminal, int columns) {
    this.out = out;
    this.terminal = terminal;
    this.columns = columns;
  }

  /// Whether pictures are drawn.
  boolean draws() {
    return terminal;
  }

  int columns() {
    return columns;
  }

  /// Prints a line that stays.
  public synchronized void line(String text) {
    erase();
    out.println(text);
    out.flush();
  }

  /// Draws the picture.
  synchronized void draw(List<String> picture) {
    if (!terminal) {
      return;
    }
    erase();
    for (var line : picture) {
      out.println(line.length() < columns ? line : line.substring(0, columns - 1));
    }
    drawn = picture.size();
    out.flush();
  }

  /// Removes the picture.
  synchronized void erase() {
    if (drawn > 0) {
      out.print("\033[%dA".formatted(drawn) + CLEAR_BELOW);
      drawn = 0;
    }
  }
}
