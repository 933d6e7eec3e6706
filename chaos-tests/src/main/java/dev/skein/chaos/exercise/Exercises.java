package dev.skein.chaos.exercise;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// All exercises, in the order in which they are best done.
public final class Exercises {

  private static final List<Exercise> ALL =
      Stream.of(ManagerExercises.all(), ServiceExercises.all()).flatMap(List::stream).toList();

  private Exercises() {}

  /// Each of them.
  public static List<Exercise> all() {
    return ALL;
  }

  /// The one of this name.
  public static Optional<Exercise> find(String name) {
    return ALL.stream().filter(exercise -> exercise.name().equals(name)).findFirst();
  }
}
