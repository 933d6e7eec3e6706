package dev.skein.state;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import java.time.Instant;

/// Between protobuf's and Java's times.
public final class Times {
  private Times() {}

  public static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  public static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }

  /// Which of two times is earlier, as [java.util.Comparator#compare] does.
  public static int compare(Timestamp a, Timestamp b) {
    return a.getSeconds() != b.getSeconds()
        ? Long.compare(a.getSeconds(), b.getSeconds())
        : Integer.compare(a.getNanos(), b.getNanos());
  }

  public static com.google.protobuf.Duration proto(Duration duration) {
    // Java has nanos in [0, 1e9) also below zero; protobuf wants both of one sign.
    var seconds = duration.getSeconds();
    var nanos = duration.getNano();
    if (seconds < 0 && nanos > 0) {
      seconds++;
      nanos -= 1_000_000_000;
    }
    return com.google.protobuf.Duration.newBuilder().setSeconds(seconds).setNanos(nanos).build();
  }

  public static Duration duration(com.google.protobuf.Duration duration) {
    return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
  }
}
