package dev.skein.chaos.check;

import dev.skein.chaos.history.Copy;
import dev.skein.chaos.history.History;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Judges a recorded history again, from the command line: `recheck FILE`. Of a run that failed
/// that is all that is needed to see the same verdicts, witnesses included.
public final class Recheck {
  private Recheck() {}

  public static void main(String[] args) throws IOException {
    try (var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)) {
      System.exit(run(args, out));
    }
  }

  /// Prints the verdicts, one after the other.
  ///
  /// @return 0 when all hold, 1 when one is violated, 2 when one is undecided or there is no
  ///     history
  static int run(String[] args, PrintStream out) throws IOException {
    if (args.length != 1) {
      out.println("usage: recheck FILE");
      return 2;
    }
    var code = 0;
    for (var verdict : verdicts(History.read(Path.of(args[0])))) {
      out.println(verdict);
      code =
          switch (verdict) {
            case Verdict.Held _ -> code;
            case Verdict.Violated _ -> 1;
            case Verdict.Undecided _ -> code == 1 ? 1 : 2;
          };
    }
    return code;
  }

  /// What can be said of a history alone, without the cluster that it is of.
  public static List<Verdict> verdicts(History history) {
    var operations = history.operations();
    var copies = history.copies();
    var managers = copies.stream().map(Copy::manager).collect(Collectors.toSet());
    return List.of(
        Linearizability.check(operations),
        IndexOrder.check(operations),
        EqualStates.check(copies, managers),
        WatchOrder.check(operations, history.notices(), 0));
  }
}
