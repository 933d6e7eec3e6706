package dev.skein.chaos.history;

/// What an object holds.
///
/// @param stamp positive, and written by one operation of the whole history only, so that who sees
///     it knows whose write it sees
/// @param replicas written together with the stamp
public record Content(long stamp, long replicas) {
  public Content {
    if (stamp <= 0) {
      throw new IllegalArgumentException("a stamp is positive, not " + stamp);
    }
  }
}
