package dev.skein.chaos.check;

import dev.skein.chaos.history.Content;
import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import org.jspecify.annotations.Nullable;

/// Operations on one object, for histories that are written by hand.
final class Ops {
  static final String KEY = "web";

  private Ops() {}

  static Operation of(
      Kind kind, long stamp, long expected, Outcome outcome, long index, long from, long to) {
    @Nullable Content content = stamp == 0 ? null : new Content(stamp, 0);
    return new Operation(1, KEY, kind, content, expected, outcome, "", index, from, to, "m1");
  }

  static Operation created(long stamp, long index, long from, long to) {
    return of(Kind.CREATE, stamp, 0, Outcome.DONE, index, from, to);
  }

  static Operation write(long stamp, long index, long from, long to) {
    return of(Kind.WRITE, stamp, 0, Outcome.DONE, index, from, to);
  }

  static Operation unknownWrite(long stamp, long from) {
    return of(Kind.WRITE, stamp, 0, Outcome.UNKNOWN, 0, from, Operation.NEVER);
  }

  static Operation read(long stamp, long index, long from, long to) {
    return of(Kind.READ, stamp, 0, Outcome.DONE, index, from, to);
  }

  static Operation swap(long expected, long stamp, long index, long from, long to) {
    return of(Kind.COMPARE_AND_SET, stamp, expected, Outcome.DONE, index, from, to);
  }

  static Operation refusedSwap(long expected, long stamp, long from, long to) {
    return of(Kind.COMPARE_AND_SET, stamp, expected, Outcome.REFUSED, 0, from, to);
  }

  static Operation remove(long index, long from, long to) {
    return of(Kind.REMOVE, 0, 0, Outcome.DONE, index, from, to);
  }

  /// The same operation on another object.
  static Operation on(String key, Operation operation) {
    return new Operation(
        operation.client(),
        key,
        operation.kind(),
        operation.content(),
        operation.expected(),
        operation.outcome(),
        operation.reason(),
        operation.index(),
        operation.invokedNanos(),
        operation.returnedNanos(),
        operation.manager());
  }
}
