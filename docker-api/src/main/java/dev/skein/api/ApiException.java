package dev.skein.api;

import java.io.Serial;

/// A request that is answered with an error: the HTTP status and the message that its user reads.
/// The message says what was wrong, with the offending value, and what to do; it holds no secret.
public final class ApiException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final int httpStatus;
  private final String message;

  /// @param httpStatus 400-599
  public ApiException(int httpStatus, String message) {
    // Without a stack trace: it is an answer, not a fault.
    super(message, null, false, false);
    if (httpStatus < 400 || httpStatus > 599) {
      throw new IllegalArgumentException("not an HTTP error status: " + httpStatus);
    }
    this.httpStatus = httpStatus;
    this.message = message;
  }

  /// 400-599.
  public int httpStatus() {
    return httpStatus;
  }

  @Override
  public String getMessage() {
    return message;
  }

  /// 400: the request itself is wrong.
  public static ApiException badRequest(String message) {
    return new ApiException(400, message);
  }

  /// 404: what it names is not there.
  public static ApiException notFound(String message) {
    return new ApiException(404, message);
  }

  /// 501: Docker's API has it and this program doesn't yet.
  public static ApiException unsupported(String message) {
    return new ApiException(501, message);
  }

  /// 503: not now, or not on this node.
  public static ApiException unavailable(String message) {
    return new ApiException(503, message);
  }
}
