package dev.skein.chaos.history;

/// What a client knows of an operation once it has ended.
public enum Outcome {
  /// Acknowledged: it took effect, or the read's answer is known.
  DONE,
  /// The managers looked at the object and found that it may not be done: it had no effect, and
  /// tells what the object was not.
  REFUSED,
  /// It surely had no effect, and tells nothing of the object.
  NOT_DONE,
  /// It may have taken effect, may still do so, or never.
  UNKNOWN
}
