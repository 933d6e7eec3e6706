package dev.skein.api;

import java.time.Duration;

/// The limits of one API server. A request that meets one is refused with a message that names
/// it.
///
/// @param maxBodyBytes of one request's body, and `maxBodiesBytes` of all bodies being received
/// @param maxConnections over all listeners; one more is told 503 and closed
/// @param callTimeout how long a request may wait for the managers; streams are not bounded by it
/// @param requestTimeout from a request's first byte to its last
/// @param idleTimeout between requests of one connection
/// @param writeTimeout for a client to take an answer that is no stream; a stream's reader may
///     pause
public record ApiLimits(
    int maxBodyBytes,
    long maxBodiesBytes,
    int maxConnections,
    Duration callTimeout,
    Duration requestTimeout,
    Duration idleTimeout,
    Duration writeTimeout) {

  /// Of the request line.
  public static final int MAX_REQUEST_LINE_BYTES = 16 << 10;

  /// Of all header fields together.
  public static final int MAX_HEADER_BYTES = 16 << 10;

  public static final ApiLimits DEFAULT =
      new ApiLimits(
          4 << 20,
          64L << 20,
          256,
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofMinutes(3),
          Duration.ofSeconds(60));

  public ApiLimits {
    if (maxBodyBytes < 1 || maxBodiesBytes < maxBodyBytes || maxConnections < 1) {
      throw new IllegalArgumentException(
          "limits must be positive, and all bodies' at least one body's: "
              + maxBodyBytes
              + ", "
              + maxBodiesBytes
              + ", "
              + maxConnections);
    }
    for (var timeout : new Duration[] {callTimeout, requestTimeout, idleTimeout, writeTimeout}) {
      if (!timeout.isPositive()) {
        throw new IllegalArgumentException("timeouts must be positive: " + timeout);
      }
    }
  }
}
