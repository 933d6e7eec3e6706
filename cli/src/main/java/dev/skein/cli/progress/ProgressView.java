package dev.skein.cli.progress;

import dev.skein.cli.format.Human;
import dev.skein.cli.progress.Convergence.Look;
import dev.skein.cli.progress.Convergence.Slot;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Shows how far a service is: on a terminal a line for each slot, redrawn in place; elsewhere a
/// plain line whenever something has changed.
final class ProgressView {
  /// More slots than this are shown as their number only.
  static final int SLOT_LINES_MAX = 20;

  private static final int BAR_WIDTH = 50;
  private static final int STAGES = 9;
  private static final int STATE_WIDTH = 9;

  private final PrintStream out;
  private final boolean terminal;
  private final int columns;
  private final Map<String, String> shown = new HashMap<>();
  private int drawn;

  ProgressView(PrintStream out, boolean terminal, int columns) {
    this.out = out;
    this.terminal = terminal;
    this.columns = columns;
  }

  void show(Look look, String verify) {
    List<String> lines = lines(look, terminal);
    if (!verify.isEmpty()) {
      lines.add("verify: " + verify);
    }
    if (terminal) {
      redraw(lines);
    } else {
      for (String line : lines) {
        String key = line.substring(0, line.indexOf(':'));
        if (!line.equals(shown.put(key, line))) {
          out.println(line);
        }
      }
    }
    out.flush();
  }

  private void redraw(List<String> lines) {
    StringBuilder text = new StringBuilder();
    if (drawn > 0) {
      text.append("\u001b[").append(drawn).append('A');
    }
    for (String line : lines) {
      text.append("\r\u001b[K").append(Human.ellipsis(line, columns)).append('\n');
    }
    // What was drawn further below belongs to a state that is no more.
    text.append("\u001b[J");
    drawn = lines.size();
    out.print(text);
  }

  static List<String> lines(Look look, boolean bars) {
    List<String> lines = new ArrayList<>(look.overall());
    int count = look.slots().size();
    for (int i = 0; i < count; i++) {
      Slot slot = look.slots().get(i);
      boolean troubled = !slot.problem().isEmpty() && !slot.running();
      if (bars ? count > SLOT_LINES_MAX : !troubled || i >= SLOT_LINES_MAX) {
        continue;
      }
      lines.add((i + 1) + "/" + count + ": " + (troubled ? slot.problem() : bar(slot)));
    }
    return lines;
  }

  private static String bar(Slot slot) {
    StringBuilder text = new StringBuilder(slot.state());
    text.repeat(' ', Math.max(0, STATE_WIDTH - text.length())).append(" [");
    int filled = BAR_WIDTH * slot.stage() / STAGES;
    text.repeat('=', filled);
    if (filled < BAR_WIDTH) {
      text.append('>').repeat(' ', BAR_WIDTH - filled - 1);
    }
    return text.append(']').toString();
  }
}
