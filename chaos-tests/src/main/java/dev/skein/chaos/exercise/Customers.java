package dev.skein.chaos.exercise;

import dev.skein.chaos.lab.Lab;
import java.io.IOException;

/// What customers leave behind in a cluster.
public final class Customers {

  private Customers() {}

  /// How many acknowledged writes are gone.
  ///
  /// @param acknowledged the highest number that was acknowledged
  public static long lost(Lab lab, long acknowledged) throws IOException {
    return Math.max(0, acknowledged - WriteProbe.kept(lab));
  }

  /// Removes what the exercise created.
  public static void leave(Lab lab) throws IOException {
    var scene = new Scene(lab, 0, "", () -> 0);
    scene.remove(Scene.SHOP);
    scene.remove(WriteProbe.OBJECT);
  }
}
