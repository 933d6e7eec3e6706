package dev.skein.chaos.lab;

import java.util.PriorityQueue;
import java.util.random.RandomGenerator;

/// Frames of a network that are held back, each for the same time give or take a jitter, so that
/// one may overtake another. What does not fit is dropped, as a network does. One thread.
final class HeldFrames {

  /// The most frames that are held.
  static final int FRAMES_MAX = 8192;

  /// The most bytes of them.
  static final int BYTES_MAX = 64 << 20;

  private static final class Held {
    private final long due;
    private final long number;
    private final byte[] frame;

    private Held(long due, long number, byte[] frame) {
      this.due = due;
      this.number = number;
      this.frame = frame;
    }
  }

  private final PriorityQueue<Held> frames =
      new PriorityQueue<>(
          (one, other) ->
              one.due != other.due
                  ? Long.signum(one.due - other.due)
                  : Long.compare(one.number, other.number));
  private final long delayNanos;
  private final long jitterNanos;
  private final RandomGenerator random;
  private long count;
  private int bytes;

  /// @param delayNanos how long a frame is held
  /// @param jitterNanos by how much less or more at the most; not more than the delay
  HeldFrames(long delayNanos, long jitterNanos, RandomGenerator random) {
    this.delayNanos = delayNanos;
    this.jitterNanos = jitterNanos;
    this.random = random;
  }

  /// Holds a frame that has come at `now`.
  ///
  /// @return whether there was room for it
  boolean hold(byte[] frame, long now) {
    if (frames.size() >= FRAMES_MAX || bytes + frame.length > BYTES_MAX) {
      return false;
    }
    var jitter = jitterNanos == 0 ? 0 : random.nextLong(-jitterNanos, jitterNanos + 1);
    frames.add(new Held(now + delayNanos + jitter, count++, frame));
    bytes += frame.length;
    return true;
  }

  /// Whether a frame's time has come at `now`.
  boolean isDue(long now) {
    var first = frames.peek();
    return first != null && first.due - now <= 0;
  }

  /// Takes the frame whose time comes first.
  ///
  /// @throws java.util.NoSuchElementException if none is held
  byte[] take() {
    var first = frames.remove();
    bytes -= first.frame.length;
    return first.frame;
  }

  /// How long it takes after `now` until a frame's time has come; at most `longest`.
  long nanosToNext(long now, long longest) {
    var first = frames.peek();
    return first == null ? longest : Math.clamp(first.due - now, 0, longest);
  }
}
