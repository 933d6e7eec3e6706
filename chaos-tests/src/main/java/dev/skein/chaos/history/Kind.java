package dev.skein.chaos.history;

/// What an operation asks for.
public enum Kind {
  /// The object is to be, with this content; refused where it is already.
  CREATE,
  /// Whatever the object holds is replaced; refused where there is none.
  WRITE,
  /// The content is replaced if it is still the expected one; else refused.
  COMPARE_AND_SET,
  /// As [#COMPARE_AND_SET], with another number of replicas.
  SCALE,
  /// What the object holds.
  READ,
  /// The object is to go; refused where there is none.
  REMOVE;

  /// Whether it changes the object.
  public boolean mutates() {
    return this != READ;
  }

  /// Whether it depends on the content that the client saw before.
  public boolean compares() {
    return this == COMPARE_AND_SET || this == SCALE;
  }
}
