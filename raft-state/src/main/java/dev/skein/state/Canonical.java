package dev.skein.state;

import java.util.concurrent.atomic.AtomicReferenceArray;

/// Replaces equal immutable values by one instance where it still remembers one. A fixed number of
/// slots, each holding the last value that hashed to it: it never grows, and forgetting only costs
/// memory. Safe for use from any thread.
final class Canonical {
  private static final int SLOTS = 4_096;

  private final AtomicReferenceArray<Object> slots = new AtomicReferenceArray<>(SLOTS);

  @SuppressWarnings("unchecked") // A value that equals T is a T: only final classes are given.
  <T> T of(T value) {
    var hash = value.hashCode() * 0x9E3779B9;
    var slot = hash >>> (Integer.SIZE - Integer.numberOfTrailingZeros(SLOTS));
    var held = slots.getPlain(slot);
    if (value.equals(held)) {
      return (T) held;
    }
    slots.setPlain(slot, value);
    return value;
  }
}
