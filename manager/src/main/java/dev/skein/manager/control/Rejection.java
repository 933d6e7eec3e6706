package dev.skein.manager.control;

import com.google.errorprone.annotations.FormatMethod;
import io.grpc.Status;
import io.grpc.StatusException;

/// What was asked cannot be done as things are. The message is for the user: what is wrong, with
/// the offending value, and what to do.
public final class Rejection extends Exception {
  private static final long serialVersionUID = 1L;

  private final Status.Code code;

  private Rejection(Status.Code code, String message) {
    super(message);
    this.code = code;
  }

  public Status.Code code() {
    return code;
  }

  /// As a call ends with it.
  public StatusException asStatus() {
    return code.toStatus().withDescription(getMessage()).asException();
  }

  /// The request itself is wrong.
  @FormatMethod
  static Rejection invalid(String format, Object... values) {
    return new Rejection(Status.Code.INVALID_ARGUMENT, format.formatted(values));
  }

  /// What it refers to does not exist.
  @FormatMethod
  static Rejection notFound(String format, Object... values) {
    return new Rejection(Status.Code.NOT_FOUND, format.formatted(values));
  }

  /// A name is taken.
  @FormatMethod
  static Rejection alreadyExists(String format, Object... values) {
    return new Rejection(Status.Code.ALREADY_EXISTS, format.formatted(values));
  }

  /// The cluster is not in a state for it.
  @FormatMethod
  static Rejection precondition(String format, Object... values) {
    return new Rejection(Status.Code.FAILED_PRECONDITION, format.formatted(values));
  }

  /// A limit is reached.
  @FormatMethod
  static Rejection exhausted(String format, Object... values) {
    return new Rejection(Status.Code.RESOURCE_EXHAUSTED, format.formatted(values));
  }

  /// The caller saw an older version than there is.
  static Rejection outOfSequence() {
    return new Rejection(Status.Code.ABORTED, "update out of sequence");
  }
}
