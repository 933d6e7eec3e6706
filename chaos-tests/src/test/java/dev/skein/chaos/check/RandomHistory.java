package dev.skein.chaos.check;

import dev.skein.chaos.history.Content;
import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Makes histories by clients of registers that really are linearizable: each operation takes
/// effect at one moment between its call and its return, or, where its client gives up on it, at
/// any later one or never. A seed replays it.
final class RandomHistory {
  private final RandomGenerator random;
  private final int keys;
  private final int unknownPercent;
  private final List<@Nullable Pending> clients = new ArrayList<>();
  private final List<Pending> abandoned = new ArrayList<>();
  private final Map<String, Content> state = new HashMap<>();
  private final Map<String, Long> seen = new HashMap<>();
  private final List<Operation> history = new ArrayList<>();
  private long now;
  private long index = 10;
  private long stamps;

  private RandomHistory(long seed, int clients, int keys, int unknownPercent) {
    this.random = new SplittableRandom(seed);
    this.keys = keys;
    this.unknownPercent = unknownPercent;
    for (var i = 0; i < clients; i++) {
      this.clients.add(null);
    }
  }

  /// What the registers hold at the end, with the history.
  record Made(List<Operation> history, Map<String, Content> state) {}

  static Made of(long seed, int operations, int clients, int keys, int unknownPercent) {
    var made = new RandomHistory(seed, clients, keys, unknownPercent);
    while (made.history.size() < operations) {
      made.step();
    }
    made.cutOff();
    return new Made(List.copyOf(made.history), Map.copyOf(made.state));
  }

  private static final class Pending {
    final Kind kind;
    final String key;
    final @Nullable Content content;
    final long expected;
    final long invoked;
    boolean applied;
    boolean refused;
    long index;
    @Nullable Content read;

    Pending(Kind kind, String key, @Nullable Content content, long expected, long invoked) {
      this.kind = kind;
      this.key = key;
      this.content = content;
      this.expected = expected;
      this.invoked = invoked;
    }
  }

  private void step() {
    now++;
    if (!abandoned.isEmpty() && random.nextInt(20) == 0) {
      apply(abandoned.remove(random.nextInt(abandoned.size())));
    }
    var client = random.nextInt(clients.size());
    var pending = clients.get(client);
    if (pending == null) {
      clients.set(client, call());
    } else if (random.nextInt(100) < unknownPercent) {
      if (!pending.applied && random.nextBoolean()) {
        abandoned.add(pending);
      }
      end(client, pending, Outcome.UNKNOWN);
    } else if (!pending.applied) {
      apply(pending);
    } else {
      end(client, pending, pending.refused ? Outcome.REFUSED : Outcome.DONE);
    }
  }

  /// What is under way has an unknown outcome.
  private void cutOff() {
    for (var client = 0; client < clients.size(); client++) {
      var pending = clients.get(client);
      if (pending != null) {
        end(client, pending, Outcome.UNKNOWN);
      }
    }
  }

  private Pending call() {
    var key = "k" + random.nextInt(keys);
    var kind =
        switch (random.nextInt(10)) {
          case 0 -> Kind.REMOVE;
          case 1, 2 -> Kind.CREATE;
          case 3 -> Kind.WRITE;
          case 4, 5 -> Kind.COMPARE_AND_SET;
          case 6 -> Kind.SCALE;
          default -> Kind.READ;
        };
    var writes = kind.mutates() && kind != Kind.REMOVE;
    return new Pending(
        kind,
        key,
        writes ? new Content(++stamps, random.nextInt(3)) : null,
        kind.compares() ? seen.getOrDefault(key, 999_999_999L) : 0,
        now);
  }

  private void apply(Pending pending) {
    pending.applied = true;
    var held = state.get(pending.key);
    var applies =
        switch (pending.kind) {
          case CREATE -> held == null;
          case WRITE, REMOVE -> held != null;
          case COMPARE_AND_SET, SCALE -> held != null && held.stamp() == pending.expected;
          case READ -> true;
        };
    pending.refused = !applies;
    pending.read = held;
    if (applies && pending.kind.mutates()) {
      index++;
      if (pending.content == null) {
        state.remove(pending.key);
      } else {
        state.put(pending.key, pending.content);
      }
    }
    pending.index = index;
  }

  private void end(int client, Pending pending, Outcome outcome) {
    clients.set(client, null);
    var read = pending.kind == Kind.READ && outcome == Outcome.DONE;
    if (read && pending.read != null) {
      seen.put(pending.key, pending.read.stamp());
    }
    history.add(
        new Operation(
            client,
            pending.key,
            pending.kind,
            read ? pending.read : pending.content,
            pending.expected,
            outcome,
            "",
            outcome == Outcome.DONE ? pending.index : 0,
            pending.invoked,
            now,
            "m" + client % 3));
  }
}
