package dev.skein.chaos.exercise;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Something to learn by repairing it.
///
/// @param name as in commands: `leader-dies`
/// @param title one line for the list
/// @param isolated whether it needs a network and a disk for each node
/// @param goal what is to be reached, for who takes part
/// @param prediction what to predict beforehand
/// @param diagnosis what to find out
/// @param hints the next one is shown each time that one is asked for
/// @param explanation what happened and why, shown when it is over
/// @param par how long a practised person needs from the trouble's beginning
/// @param plot what goes wrong, and when it is repaired
public record Exercise(
    String name,
    String title,
    boolean isolated,
    String goal,
    Prediction prediction,
    Diagnosis diagnosis,
    List<String> hints,
    String explanation,
    Duration par,
    Plot plot) {

  /// A number that is predicted before the trouble begins.
  ///
  /// @param question with its unit
  public record Prediction(String question, Measured measured) {}

  /// What a prediction is compared with.
  public enum Measured {
    /// The longest time without an acknowledged write, in seconds.
    WRITE_GAP_SECONDS,
    /// The calls of the service that failed.
    FAILED_CALLS,
    /// The replicas that ran on a node at the end.
    REPLICAS
  }

  /// What is to be found out.
  ///
  /// @param question for who takes part
  /// @param choices what is possible, the letter of each is its place; empty if a node is
  ///     asked for
  /// @param right the index of the right choice; -1 if it is the node that the trouble befell
  public record Diagnosis(String question, List<String> choices, int right) {

    /// Which node it was.
    static Diagnosis ofNode(String question) {
      return new Diagnosis(question, List.of(), -1);
    }

    /// Whether an answer is right.
    ///
    /// @param victim the node that the trouble befell
    public boolean isRight(String answer, String victim) {
      var given = answer.strip().toLowerCase(Locale.ROOT);
      return right < 0
          ? given.equals(victim)
          : given.equals(String.valueOf((char) ('a' + right)))
              || given.equals(choices.get(right).toLowerCase(Locale.ROOT));
    }
  }

  /// What goes wrong.
  public interface Plot {

    /// Makes what is there before the trouble.
    ///
    /// @return the node that the trouble will befall, empty if that is not known before
    String prepare(Scene scene) throws IOException;

    /// Makes the trouble. Runs in a process of its own; what it injects into the scene is
    /// undone at the exercise's end. It may go on until the scene is over.
    void strike(Scene scene) throws IOException, InterruptedException;

    /// What is left to be done; empty when the goal is reached.
    List<String> unmet(Scene scene) throws IOException;

    /// What a prediction about replicas is compared with.
    default Optional<Integer> replicas(Scene scene) throws IOException {
      return Optional.empty();
    }
  }
}
