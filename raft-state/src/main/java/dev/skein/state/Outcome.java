package dev.skein.state;

/// What became of one proposed change set.
public sealed interface Outcome {
  /// All of its changes are in the state.
  record Accepted() implements Outcome {}

  /// None of its changes are: it did not fit the state it met. The proposer plans again.
  record Conflict(String message) implements Outcome {}

  /// The one instance that is needed.
  Outcome ACCEPTED = new Accepted();
}
