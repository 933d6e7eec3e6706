package dev.skein.cli.format;

import java.util.ArrayList;
import java.util.List;

/// Lays out lines of tab-separated cells in columns, as Docker's tables are: each column but the
/// last is at least ten wide and three wider than its longest cell.
public final class Table {
  private static final int WIDTH_MIN = 10;
  private static final int PADDING = 3;

  private Table() {}

  /// The lines with their tabs replaced by spaces, each ended by a newline.
  public static String align(List<String> lines) {
    List<String[]> rows = new ArrayList<>(lines.size());
    int columns = 0;
    for (String line : lines) {
      String[] cells = split(line);
      rows.add(cells);
      columns = Math.max(columns, cells.length);
    }
    int[] widths = new int[columns];
    for (String[] cells : rows) {
      for (int i = 0; i < cells.length - 1; i++) {
        widths[i] = Math.max(widths[i], Math.max(WIDTH_MIN, width(cells[i]) + PADDING));
      }
    }
    StringBuilder out = new StringBuilder();
    for (String[] cells : rows) {
      for (int i = 0; i < cells.length; i++) {
        out.append(cells[i]);
        if (i < cells.length - 1) {
          out.repeat(' ', widths[i] - width(cells[i]));
        }
      }
      out.append('\n');
    }
    return out.toString();
  }

  private static int width(String cell) {
    return cell.codePointCount(0, cell.length());
  }

  private static String[] split(String line) {
    List<String> cells = new ArrayList<>();
    int from = 0;
    for (int tab = line.indexOf('\t'); tab >= 0; tab = line.indexOf('\t', from)) {
      cells.add(line.substring(from, tab));
      from = tab + 1;
    }
    cells.add(line.substring(from));
    return cells.toArray(String[]::new);
  }
}
