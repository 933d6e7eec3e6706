package dev.skein.api.http;

import dev.skein.api.ApiException;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a failed request is answered with, in Docker's statuses and words. Stateless; any thread.
public final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private Failures() {}

  public static Response answer(Throwable failure) {
    return switch (failure) {
      case ApiException e -> Response.error(e.httpStatus(), e.getMessage());
      case StatusException e -> answer(e.getStatus());
      case StatusRuntimeException e -> answer(e.getStatus());
      case InterruptedException e -> Response.error(503, "the daemon is shutting down");
      default -> {
        LOG.error("a request failed unexpectedly", failure);
        yield Response.error(500, "internal error, see the daemon's log: " + failure);
      }
    };
  }

  /// The message of a failure for a user who already gets a stream.
  public static String message(Status status) {
    return switch (status.getCode()) {
      // Docker's clients look for these words.
      case ABORTED -> "rpc error: code = Unknown desc = " + described(status);
      case DEADLINE_EXCEEDED ->
          "the swarm's managers did not answer in time. It's possible that too few managers are"
              + " online. Make sure more than half of the managers are online.";
      default -> described(status);
    };
  }

  private static Response answer(Status status) {
    return Response.error(httpStatus(status.getCode()), message(status));
  }

  private static int httpStatus(Status.Code code) {
    return switch (code) {
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE, RESOURCE_EXHAUSTED -> 400;
      case UNAUTHENTICATED -> 401;
      case PERMISSION_DENIED -> 403;
      case NOT_FOUND -> 404;
      case ALREADY_EXISTS -> 409;
      case UNIMPLEMENTED -> 501;
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> 503;
      case ABORTED, UNKNOWN, INTERNAL, DATA_LOSS, OK -> 500;
    };
  }

  private static String described(Status status) {
    var description = status.getDescription();
    return description == null || description.isBlank()
        ? "the managers answered " + status.getCode()
        : description;
  }
}
