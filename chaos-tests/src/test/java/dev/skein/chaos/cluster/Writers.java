package dev.skein.chaos.cluster;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.UnreachableException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Clients that write as fast as they are answered, and remember what was acknowledged. Each writer
/// has one service of its own and counts in its label `n`; after each outcome that is not an
/// acknowledgement it goes on at another manager.
public final class Writers implements AutoCloseable {

  private static final Duration LONGEST_CALL = Duration.ofSeconds(45);

  private final List<TestNode> managers;
  private final Map<String, Long> acknowledged = new ConcurrentHashMap<>();
  private final AtomicLong lastAcknowledged = new AtomicLong(System.nanoTime());
  private final AtomicLong longestGap = new AtomicLong();
  private final AtomicInteger total = new AtomicInteger();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  private Writers(List<TestNode> managers) {
    this.managers = managers;
  }

  /// Creates services `w-0`, `w-1`, … without tasks, and begins to write.
  public static Writers start(int count, List<TestNode> managers) throws IOException {
    var writers = new Writers(managers);
    for (var i = 0; i < count; i++) {
      var name = "w-" + i;
      try (var client = managers.getFirst().client()) {
        client.post("/services/create", spec(name, 0));
      }
      writers.acknowledged.put(name, 0L);
      var first = i;
      writers.threads.add(Thread.ofPlatform().name(name).start(() -> writers.write(name, first)));
    }
    return writers;
  }

  private static JsonObject spec(String name, long n) {
    return JsonParser.parseString(
            """
            {"Name": "%s", "Labels": {"n": "%d"},
             "TaskTemplate": {"Runtime": "process",
               "ContainerSpec": {"Image": "skein/process", "Command": ["sleep", "1"]}},
             "Mode": {"Replicated": {"Replicas": 0}}}
            """
                .formatted(name, n))
        .getAsJsonObject();
  }

  private void write(String name, int first) {
    var at = first;
    var n = 0L;
    while (!stopped) {
      var manager = managers.get(at % managers.size());
      try (var client = manager.client()) {
        while (!stopped) {
          n = update(client, name, n);
        }
      } catch (UnreachableException | ApiException e) {
        at++;
      } catch (IOException e) {
        at++;
      }
    }
  }

  private long update(dev.skein.cli.client.EngineClient client, String name, long n)
      throws IOException {
    var service = client.object("/services/" + name);
    var version = service.getAsJsonObject("Version").get("Index").getAsLong();
    var next = n + 1;
    client.post("/services/" + name + "/update?version=" + version, spec(name, next));
    acknowledged.put(name, next);
    total.incrementAndGet();
    var now = System.nanoTime();
    var before = lastAcknowledged.getAndSet(now);
    longestGap.accumulateAndGet(now - before, Math::max);
    return next;
  }

  /// How many writes were acknowledged so far.
  public int total() {
    return total.get();
  }

  /// Waits until this many more writes are acknowledged.
  public void awaitMore(int count, Duration within) throws Exception {
    var goal = total.get() + count;
    Await.until(
        count + " more writes are acknowledged",
        within,
        () -> {
          if (total.get() < goal) {
            throw new AssertionError("only " + (total.get() - goal + count));
          }
        });
  }

  /// The longest time without any acknowledgement so far, and forgets it.
  public Duration takeLongestGap() {
    return Duration.ofNanos(longestGap.getAndSet(0));
  }

  /// Ends the writing.
  @Override
  public void close() {
    try {
      stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the writing; what was acknowledged stays known.
  public void stop() throws InterruptedException {
    stopped = true;
    for (var thread : threads) {
      if (!thread.join(LONGEST_CALL)) {
        throw new AssertionError(thread.getName() + " hangs in a call");
      }
    }
  }

  /// Fails unless the manager has all that was acknowledged: each label at least as new as the last
  /// acknowledged one. It may be one newer, when that write's outcome was unknown.
  public void requireKept(TestNode manager) throws IOException {
    var lost = new ArrayList<String>();
    for (var write : acknowledged.entrySet()) {
      var kept =
          manager
              .get("/services/" + write.getKey())
              .getAsJsonObject("Spec")
              .getAsJsonObject("Labels")
              .get("n")
              .getAsLong();
      if (kept < write.getValue() || kept > write.getValue() + 1) {
        lost.add("%s: acknowledged %d, kept %d".formatted(write.getKey(), write.getValue(), kept));
      }
    }
    if (!lost.isEmpty()) {
      throw new AssertionError("by " + manager.name() + ": " + lost);
    }
  }

  /// Removes the writers' services.
  public void removeServices(TestNode manager) {
    acknowledged.keySet().forEach(name -> manager.cli().ok("service", "rm", name));
  }
}
