package dev.skein.chaos.exercise;

import java.util.BitSet;

/// What a customer who counts upwards was told, and what is kept of it: a number that was
/// acknowledged is lost once the cluster is found with a lower one. Each is counted once, and
/// remembered whatever is written later.
///
/// Any thread.
final class OrderBook {

  /// Some hours of writes; beyond it only the last number could be told.
  static final int NUMBERS_MAX = 1 << 20;

  // Acknowledged, and not known to be lost.
  private final BitSet acknowledged = new BitSet();
  private long count;
  private long lost;

  /// The cluster has acknowledged a number.
  ///
  /// @param number from 1 to [#NUMBERS_MAX]
  synchronized void acknowledged(int number) {
    acknowledged.set(number);
    count++;
  }

  /// The cluster was found with this number: those above it that it acknowledged are gone.
  ///
  /// @param number 0 for none
  synchronized void found(long number) {
    var first = (int) Math.min(number + 1, NUMBERS_MAX + 1L);
    var gone = acknowledged.get(first, NUMBERS_MAX + 1).cardinality();
    lost += gone;
    acknowledged.clear(first, NUMBERS_MAX + 1);
  }

  /// The highest number that was acknowledged and is not known to be lost; 0 for none.
  synchronized long highest() {
    return Math.max(0, acknowledged.length() - 1);
  }

  /// How many were acknowledged, those that are lost among them.
  synchronized long count() {
    return count;
  }

  /// How many of these are lost.
  synchronized long lost() {
    return lost;
  }
}
