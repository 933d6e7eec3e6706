package dev.skein.chaos.workload;

import dev.skein.chaos.history.Content;
import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import dev.skein.chaos.workload.ObjectClient.Seen;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One client: does one operation after the other, each at the next manager, until it is told to
/// stop. It goes round managers that are down, and goes back to them. One thread runs it.
final class ClosedLoop {
  /// How often a change that compares nothing reads anew what it replaces.
  private static final int ATTEMPTS_MAX = 3;

  /// How long a manager that is of no use is gone round.
  private static final long AVOID_NANOS = Duration.ofMillis(250).toNanos();

  private static final int REPLICAS_MAX = 2;

  private final int number;
  private final WorkloadSettings settings;
  private final List<Manager> managers;
  private final ObjectClient[] clients;
  private final long[] avoidUntil;
  private final RandomGenerator random;
  private final LongSupplier stamps;
  private final LongSupplier nanoTime;
  private final Consumer<Operation> ended;
  private final Map<String, Seen> seen = new HashMap<>();
  private int turn;
  private volatile boolean stopped;

  /// Asks nothing yet.
  ///
  /// @param stamps gives each number once, whoever asks
  /// @param ended takes each operation; by the client's thread
  ClosedLoop(
      int number,
      WorkloadSettings settings,
      List<Manager> managers,
      RandomGenerator random,
      LongSupplier stamps,
      LongSupplier nanoTime,
      Consumer<Operation> ended) {
    this.number = number;
    this.settings = settings;
    this.managers = managers;
    this.clients =
        managers.stream()
            .map(manager -> new ObjectClient(manager.client(settings.answerSeconds())))
            .toArray(ObjectClient[]::new);
    this.avoidUntil = new long[managers.size()];
    this.random = random;
    this.stamps = stamps;
    this.nanoTime = nanoTime;
    this.ended = ended;
    this.turn = number;
    var start = nanoTime.getAsLong();
    Arrays.fill(avoidUntil, start);
  }

  /// Ends after the operation that is under way.
  void stop() {
    stopped = true;
  }

  void run() {
    while (!stopped) {
      if (!awaitManager()) {
        continue;
      }
      step(settings.keyFor(number, random.nextInt(settings.keys())));
      if (settings.pause().isPositive()) {
        LockSupport.parkNanos(settings.pause().toNanos());
      }
    }
    for (var client : clients) {
      try {
        client.close();
      } catch (IOException e) {
        // It is gone in any case.
      }
    }
  }

  /// Takes the next manager's turn; false when all are to be gone round, after a moment.
  private boolean awaitManager() {
    var now = nanoTime.getAsLong();
    for (var i = 0; i < clients.length; i++) {
      turn = (turn + 1) % clients.length;
      if (avoidUntil[turn] - now <= 0) {
        return true;
      }
    }
    LockSupport.parkNanos(AVOID_NANOS / 10);
    return false;
  }

  /// Mostly changes; few creations and removals, so that mostly there is something to change.
  private void step(String key) {
    var drawn = random.nextInt(100);
    var known = seen.get(key);
    if (known == null) {
      if (drawn < 60) {
        create(key);
      } else {
        read(key);
      }
    } else if (drawn < 30) {
      read(key);
    } else if (drawn < 70) {
      swap(Kind.COMPARE_AND_SET, key, read(key));
    } else if (drawn < 78) {
      // By what it saw last, which may be long ago: mostly to be refused.
      swap(Kind.COMPARE_AND_SET, key, known);
    } else if (drawn < 88) {
      write(key);
    } else if (drawn < 95) {
      swap(Kind.SCALE, key, read(key));
    } else if (drawn < 98) {
      remove(key);
    } else {
      create(key);
    }
  }

  private @Nullable Seen read(String key) {
    var call = new Call(Kind.READ, key, null, 0);
    try {
      var found = clients[turn].read(key);
      seen.put(key, found);
      call.end(Outcome.DONE, found.content(), found.index(), "");
      return found;
    } catch (IOException e) {
      if (Answers.isNoService(e)) {
        seen.remove(key);
        call.end(Outcome.DONE, null, 0, "");
      } else {
        call.end(Outcome.NOT_DONE, null, 0, reason(e));
      }
      avoid(e);
      return null;
    }
  }

  private void create(String key) {
    var content = content(0);
    change(
        new Call(Kind.CREATE, key, content, 0), content, () -> clients[turn].create(key, content));
  }

  private void remove(String key) {
    change(new Call(Kind.REMOVE, key, null, 0), null, () -> clients[turn].remove(key));
  }

  private void swap(Kind kind, String key, @Nullable Seen from) {
    if (from == null || stopped) {
      return;
    }
    var content =
        content(kind == Kind.SCALE ? random.nextInt(REPLICAS_MAX + 1) : from.content().replicas());
    change(
        new Call(kind, key, content, from.content().stamp()),
        content,
        () -> clients[turn].update(key, from.version(), content));
  }

  /// One operation of several requests: reads what there is and replaces it, whatever it is. Only
  /// its last request can have an effect.
  private void write(String key) {
    var call = new Call(Kind.WRITE, key, content(0), 0);
    var content = call.content;
    for (var attempt = 1; ; attempt++) {
      Seen found;
      try {
        found = clients[turn].read(key);
      } catch (IOException e) {
        call.end(
            Answers.isNoService(e) ? Outcome.REFUSED : Outcome.NOT_DONE, content, 0, reason(e));
        forget(key, e);
        return;
      }
      try {
        var index = clients[turn].update(key, found.version(), Objects.requireNonNull(content));
        seen.put(key, new Seen(content, index, index));
        call.end(Outcome.DONE, content, index, "");
        return;
      } catch (IOException e) {
        if (!Answers.isOutOfSequence(e) || attempt == ATTEMPTS_MAX) {
          call.end(Answers.outcome(Kind.WRITE, e), content, 0, reason(e));
          forget(key, e);
          return;
        }
      }
    }
  }

  /// A request that changes something.
  @FunctionalInterface
  private interface Change {
    /// Sends it and returns its index.
    long send() throws IOException;
  }

  private void change(Call call, @Nullable Content content, Change change) {
    try {
      var index = change.send();
      if (content == null) {
        seen.remove(call.key);
      } else {
        seen.put(call.key, new Seen(content, index, index));
      }
      call.end(Outcome.DONE, content, index, "");
    } catch (IOException e) {
      call.end(Answers.outcome(call.kind, e), content, 0, reason(e));
      forget(call.key, e);
      if (call.kind == Kind.CREATE && !Answers.isOfNoUse(e)) {
        read(call.key);
      }
    }
  }

  private void forget(String key, IOException failure) {
    if (Answers.isNoService(failure)) {
      seen.remove(key);
    }
    avoid(failure);
  }

  private void avoid(IOException failure) {
    if (Answers.isOfNoUse(failure)) {
      avoidUntil[turn] = nanoTime.getAsLong() + AVOID_NANOS;
    }
  }

  private Content content(long replicas) {
    return new Content(stamps.getAsLong(), replicas);
  }

  private static String reason(IOException failure) {
    return String.valueOf(failure.getMessage());
  }

  /// An operation that was begun.
  private final class Call {
    private final Kind kind;
    private final String key;
    private final @Nullable Content content;
    private final long expected;
    private final long invoked = nanoTime.getAsLong();

    Call(Kind kind, String key, @Nullable Content content, long expected) {
      this.kind = kind;
      this.key = key;
      this.content = content;
      this.expected = expected;
    }

    void end(Outcome outcome, @Nullable Content found, long index, String reason) {
      ended.accept(
          new Operation(
              number,
              key,
              kind,
              found,
              expected,
              outcome,
              reason,
              index,
              invoked,
              nanoTime.getAsLong(),
              managers.get(turn).name()));
    }
  }
}
