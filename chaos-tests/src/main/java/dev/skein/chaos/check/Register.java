package dev.skein.chaos.check;

import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;

/// What one object does when operations come one after the other: the specification that histories
/// are compared with. Its state is the stamp that it holds, or [#ABSENT].
final class Register {
  /// There is no object.
  static final long ABSENT = 0;

  /// There is one, with a stamp that nobody depends on.
  static final long OTHER = -1;

  /// Not a state: the operation cannot have had its outcome here.
  static final long IMPOSSIBLE = Long.MIN_VALUE;

  private Register() {}

  /// The state after an operation took effect, or was refused, in `state`.
  static long step(long state, Operation operation) {
    var applies = applies(state, operation);
    if (operation.outcome() == Outcome.REFUSED) {
      return applies ? IMPOSSIBLE : state;
    }
    if (!applies) {
      return IMPOSSIBLE;
    }
    return operation.kind().mutates() ? operation.stamp() : state;
  }

  private static boolean applies(long state, Operation operation) {
    return switch (operation.kind()) {
      case CREATE -> state == ABSENT;
      case WRITE, REMOVE -> state != ABSENT;
      case COMPARE_AND_SET, SCALE -> state != ABSENT && state == operation.expected();
      case READ -> state == operation.stamp();
    };
  }
}
