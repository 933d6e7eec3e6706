package dev.skein.chaos.gate;

import dev.skein.chaos.sabotage.Defect;
import dev.skein.chaos.sabotage.SabotageRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What came of the sabotage: a check that has never failed proves nothing, so each known defect
/// must be seen by its check.
///
/// @param caught those that were
/// @param missed those that were not, or could not be shown although they should
/// @param skipped those that can't be shown on this machine
record Controls(List<Defect> caught, List<Defect> missed, List<Defect> skipped) {
  Controls {
    caught = List.copyOf(caught);
    missed = List.copyOf(missed);
    skipped = List.copyOf(skipped);
  }

  /// All there are.
  int count() {
    return caught.size() + missed.size() + skipped.size();
  }

  /// Shows each defect, one after the other.
  ///
  /// @param directory where what one leaves that is not caught is kept: `sabotage-NAME/`
  static Controls run(Path launcher, Path directory, long seed, Consumer<String> says)
      throws IOException, InterruptedException {
    var caught = new ArrayList<Defect>();
    var missed = new ArrayList<Defect>();
    var skipped = new ArrayList<Defect>();
    for (var defect : Defect.values()) {
      var unsupported = SabotageRun.unsupported(defect);
      if (unsupported.isPresent()) {
        says.accept("sabotage " + defect.label() + ": skipped: " + unsupported.get());
        skipped.add(defect);
      } else if (isCaught(launcher, directory, defect, seed, says)) {
        caught.add(defect);
      } else {
        missed.add(defect);
      }
    }
    return new Controls(caught, missed, skipped);
  }

  private static boolean isCaught(
      Path launcher, Path directory, Defect defect, long seed, Consumer<String> says)
      throws IOException, InterruptedException {
    var remains = directory.resolve("sabotage-" + defect.label());
    var lines = new ArrayList<String>();
    boolean caught;
    try {
      var found = SabotageRun.run(launcher, defect, seed, lines::add, remains);
      caught = found.isCaught();
      says.accept(
          "sabotage %s (%s): %s by %s in %.1f s"
              .formatted(
                  defect.label(),
                  defect.breaks(),
                  caught ? "caught" : "NOT CAUGHT",
                  defect.check(),
                  found.taken().toMillis() / 1e3));
    } catch (IOException e) {
      caught = false;
      says.accept("sabotage %s: NOT CAUGHT, it failed: %s".formatted(defect.label(), e));
    }
    if (!caught) {
      lines.forEach(says);
      Files.createDirectories(remains);
      Files.write(remains.resolve("timeline.txt"), lines);
    }
    return caught;
  }
}
