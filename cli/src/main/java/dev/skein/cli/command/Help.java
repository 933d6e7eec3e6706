package dev.skein.cli.command;

import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import java.util.ArrayList;
import java.util.List;

/// Writes the help of commands.
final class Help {
  private static final int WIDTH = 90;
  private static final int COLUMN_MAX = 40;

  private Help() {}

  static String usage(List<String> path, Leaf leaf) {
    return "Usage:  " + (String.join(" ", path) + " " + leaf.usage()).strip();
  }

  static String group(List<String> path, Group group, List<Flag> flags) {
    StringBuilder out = new StringBuilder();
    out.append("Usage:  ").append(String.join(" ", path));
    out.append(flags.isEmpty() ? " COMMAND\n\n" : " [OPTIONS] COMMAND\n\n");
    out.append(group.description()).append("\n\nCommands:\n");
    List<String[]> rows = new ArrayList<>();
    for (Entry entry : group.entries()) {
      rows.add(new String[] {entry.name(), entry.summary()});
    }
    columns(rows, out);
    options(flags, out);
    if (!flags.isEmpty()) {
      out.append(
          """

          Environment:
            SKEIN_HOST        Daemon to talk to, when --host is not given
            SKEIN_CERT_PATH   Directory with ca.pem, cert.pem and key.pem for tcp:// hosts

          Exit codes:
            0    It was done
            1    The daemon refused, or the work failed
            2    The command line is wrong
            125  The daemon can't be reached
          """);
    }
    out.append("\nRun '").append(String.join(" ", path));
    out.append(" COMMAND --help' for more about a command.\n");
    return out.toString();
  }

  static String leaf(List<String> path, Leaf leaf) {
    StringBuilder out = new StringBuilder();
    out.append(usage(path, leaf)).append("\n\n");
    wrap(leaf.description(), 0, 0, out);
    options(leaf.flags(), out);
    if (!leaf.examples().isEmpty()) {
      out.append("\nExamples:\n");
      leaf.examples().forEach(example -> out.append("  ").append(example).append('\n'));
    }
    return out.toString();
  }

  private static void options(List<Flag> flags, StringBuilder out) {
    if (flags.isEmpty()) {
      return;
    }
    out.append("\nOptions:\n");
    List<String[]> rows = new ArrayList<>();
    for (Flag flag : flags) {
      String label =
          (flag.shorthand() == 0 ? "    " : "-" + flag.shorthand() + ", ")
              + "--"
              + flag.name()
              + (flag.isSwitch() ? "" : " " + flag.type());
      rows.add(new String[] {label, description(flag)});
    }
    columns(rows, out);
  }

  private static String description(Flag flag) {
    StringBuilder text = new StringBuilder(flag.description());
    if (!flag.choices().isEmpty()) {
      text.append(" (").append(String.join(", ", flag.choices())).append(')');
    }
    if (!flag.fallback().isEmpty()) {
      text.append(" (default ").append(flag.fallback()).append(')');
    }
    return text.toString();
  }

  private static void columns(List<String[]> rows, StringBuilder out) {
    int column = 0;
    for (String[] row : rows) {
      column = Math.max(column, row[0].length());
    }
    column = Math.min(column, COLUMN_MAX) + 3;
    for (String[] row : rows) {
      out.append("  ").append(row[0]);
      int used = row[0].length();
      if (used + 3 > column) {
        out.append('\n');
        used = -2;
      }
      out.repeat(' ', column - used);
      wrap(row[1], column + 2, column + 2, out);
    }
  }

  private static void wrap(String text, int used, int indent, StringBuilder out) {
    int column = used;
    boolean first = true;
    for (String paragraph : text.split("\n", -1)) {
      if (!first) {
        out.append('\n');
        out.repeat(' ', indent);
        column = indent;
      }
      first = true;
      for (String word : paragraph.split(" ", -1)) {
        if (!first && column + 1 + word.length() > WIDTH) {
          out.append('\n');
          out.repeat(' ', indent);
          column = indent;
        } else if (!first) {
          out.append(' ');
          column++;
        }
        out.append(word);
        column += word.length();
        first = false;
      }
      first = false;
    }
    out.append('\n');
  }
}
