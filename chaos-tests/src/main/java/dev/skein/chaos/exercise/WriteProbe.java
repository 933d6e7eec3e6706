package dev.skein.chaos.exercise;

import com.google.gson.JsonObject;
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
/// the managers in turn, and remembers what was acknowledged. Before each write it reads what is
/// kept, and writes to that version only, so that a state that has gone back is seen before it is
/// covered by the next number.
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
  private final OrderBook book = new OrderBook();
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
    var number = 0;
    while (!stopped && number < OrderBook.NUMBERS_MAX) {
      attempts.incrementAndGet();
      number++;
      if (write(number)) {
        var now = nanoTime.getAsLong();
        longestGapNanos = Math.max(longestGapNanos, now - lastNanos);
        lastNanos = now;
        book.acknowledged(number);
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

  private boolean writeAt(LabNode manager, long value) throws IOException {
    try (var client = manager.client(ANSWER_SECONDS)) {
      var now = client.object("/services/" + OBJECT);
      book.found(number(now));
      var version = Json.number(now, "Version.Index", 0);
      client.post(
          "/services/%s/update?version=%d".formatted(OBJECT, version), Specs.object(OBJECT, value));
      return true;
    }
  }

  /// What was acknowledged, and what of it was found to be lost.
  OrderBook book() {
    return book;
  }

  long attempts() {
    return attempts.get();
  }

  /// The longest time without an acknowledgement so far, the one that goes on included.
  Duration longestGap() {
    return Duration.ofNanos(Math.max(longestGapNanos, nanoTime.getAsLong() - lastNanos));
  }

  /// The number that the cluster has now; 0 if it knows nothing of the object.
  ///
  /// @throws IOException if no manager can tell
  static long kept(Lab lab) throws IOException {
    var unknown = new IOException("no manager runs");
    var missing = false;
    for (var manager : lab.nodes()) {
      try (var client = manager.client(ANSWER_SECONDS)) {
        return number(client.object("/services/" + OBJECT));
      } catch (IOException e) {
        // A cluster that was made anew beside the old one does not know it either.
        missing |= e instanceof ApiException refused && refused.status() == 404;
        unknown = e;
      }
    }
    if (missing) {
      return 0;
    }
    throw unknown;
  }

  private static long number(JsonObject service) {
    var text = Json.text(service, "Spec.Labels.n");
    return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(thread);
  }
}
