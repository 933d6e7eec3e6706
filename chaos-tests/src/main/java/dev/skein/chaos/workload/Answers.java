package dev.skein.chaos.workload;

import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Outcome;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.UnreachableException;
import java.io.IOException;
import java.util.List;

/// What a failed request says of its effect. What is not known to be without effect is unknown:
/// that is never wrong, only harder to check.
final class Answers {
  // What a daemon answers before it hands a request on to the leader, or when it had nobody to hand
  // it to: LeaderChannel tries again, and at last says this, only after attempts that surely did
  // nothing.
  private static final List<String> NOT_BEGUN =
      List.of(
          "The swarm does not have a leader",
          "This node is not a swarm manager",
          "This node is joining or starting",
          "This node's part of the swarm failed",
          "Swarm is encrypted");

  private static final String OUT_OF_SEQUENCE = "update out of sequence";

  private Answers() {}

  /// The outcome of an operation whose one request with an effect failed.
  static Outcome outcome(Kind kind, IOException failure) {
    return switch (failure) {
      // Without a connection there was no request. Else it may have arrived.
      case UnreachableException e -> e.begun() ? Outcome.UNKNOWN : Outcome.NOT_DONE;
      case ApiException e -> outcome(kind, e);
      default -> Outcome.UNKNOWN;
    };
  }

  private static Outcome outcome(Kind kind, ApiException answer) {
    return switch (answer.status()) {
      // A leader refuses for what the object is only by a state that a quorum has confirmed.
      case 404 -> isNoService(answer) ? Outcome.REFUSED : Outcome.UNKNOWN;
      case 409 -> kind == Kind.CREATE ? Outcome.REFUSED : Outcome.UNKNOWN;
      // The request itself is wrong, or not allowed: decided before anything is proposed.
      case 400, 401, 403, 501 -> Outcome.NOT_DONE;
      // Of a comparing change it says that the content is another. To what does not compare it
      // says that others were always faster, which says nothing of the object.
      case 500 ->
          isOutOfSequence(answer)
              ? kind.compares() ? Outcome.REFUSED : Outcome.NOT_DONE
              : Outcome.UNKNOWN;
      // Most of these are of requests that were on their way: no quorum in time, leadership lost
      // ("it may still take effect"), the connection to the leader lost ("whether the command took
      // effect is unknown"), a daemon that stops.
      case 503 -> isNotBegun(answer) ? Outcome.NOT_DONE : Outcome.UNKNOWN;
      default -> Outcome.UNKNOWN;
    };
  }

  /// Whether it says that there is no such service.
  static boolean isNoService(IOException failure) {
    return failure instanceof ApiException e
        && e.status() == 404
        && words(e).startsWith("service ");
  }

  /// Whether it says that the version is too old.
  static boolean isOutOfSequence(IOException failure) {
    return failure instanceof ApiException e && words(e).contains(OUT_OF_SEQUENCE);
  }

  private static boolean isNotBegun(ApiException answer) {
    return NOT_BEGUN.stream().anyMatch(words(answer)::startsWith);
  }

  private static String words(ApiException answer) {
    return String.valueOf(answer.getMessage());
  }

  /// Whether the manager itself is of no use for a while.
  static boolean isOfNoUse(IOException failure) {
    return failure instanceof UnreachableException
        || (failure instanceof ApiException e && e.status() == 503);
  }
}
