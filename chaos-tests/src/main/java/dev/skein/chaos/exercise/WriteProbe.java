package dev.skein.chaos.exercise;

import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/// A customer who writes: counts up a label of one object, several times in a second, through
/// the managers in turn, and remembers what was acknowledged.
///
/// A thread of its own writes; any thread asks.
final class WriteProbe implements AutoCloseable {

  /// The object's name.
  static final String OBJECT = "exercise-orders";

  private static final int ANSWER_SECONDS = 2;
  private static final Duration PAUSE = Duration.ofMillis(250);

  private final Lab lab;
  private final LongSupplier nanoTime;
  private final Thread thread = Thread.ofPlatform().daemon().name("orders").unstarted(this::run);
  private volatile boolean stopped;
  private volatile long acknowledged;
  private final AtomicLong acknowledgedCount = new AtomicLong();
  private final AtomicLong attempts = new AtomicLong();
  private volatile long lastNanos;
  private volatile long longestGapNanos;

  WriteProbe(Lab lab, LongSupplier nanoTime) {
    this.lab = lab;
    this.nanoTime = nanoTime;
  }

  /// Creates the object.
  void create() throws IOException {
    lab.ask(
        client -> {
          try {
            client.delete("/services/" + OBJECT);
          } catch (ApiException e) {
            if (e.status() != 404) {
              throw e;
            }
          }
          return client.post("/services/create", Specs.object(OBJECT, 0));
        });
  }

  void start() {
    lastNanos = nanoTime.getAsLong();
    thread.start();
  }

  private void run() {
    var number = 0L;
    while (!stopped) {
      attempts.incrementAndGet();
      number++;
      if (write(number)) {
        var now = nanoTime.getAsLong();
        longestGapNanos = Math.max(longestGapNanos, now - lastNanos);
        lastNanos = now;
        acknowledged = number;
        acknowledgedCount.incrementAndGet();
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /// As a client does: another manager when one does not answer.
  private boolean write(long value) {
    for (var manager : lab.nodes()) {
      if (stopped) {
        return false;
      }
      try {
        if (manager.isRunning() && writeAt(manager, value)) {
          return true;
        }
      } catch (IOException e) {
        // The next one.
      }
    }
    return false;
  }

  private static boolean writeAt(LabNode manager, long value) throws IOException {
    try (var client = manager.client(ANSWER_SECONDS)) {
      var now = client.object("/services/" + OBJECT);
      var version = Json.number(now, "Version.Index", 0);
      client.post(
          "/services/%s/update?version=%d".formatted(OBJECT, version), Specs.object(OBJECT, value));
      return true;
    }
  }

  /// The highest number that the cluster acknowledged.
  long acknowledged() {
    return acknowledged;
  }

  long acknowledgedCount() {
    return acknowledgedCount.get();
  }

  long attempts() {
    return attempts.get();
  }

  /// The longest time without an acknowledgement so far, the one that goes on included.
  Duration longestGap() {
    return Duration.ofNanos(Math.max(longestGapNanos, nanoTime.getAsLong() - lastNanos));
  }

  /// The number that the cluster has now.
  static long kept(Lab lab) throws IOException {
    var labels =
        lab.object("/services/" + OBJECT).getAsJsonObject("Spec").getAsJsonObject("Labels");
    return Long.parseLong(labels.get("n").getAsString());
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(thread);
  }
}
