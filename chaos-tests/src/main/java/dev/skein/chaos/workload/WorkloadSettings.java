package dev.skein.chaos.workload;

import java.time.Duration;

/// How a workload is to be.
///
/// @param seed of all that its clients choose; what they choose next also depends on the answers
/// @param clients that work at the same time, 1 to [#CLIENTS_MAX]
/// @param keys objects, at least one for each group of [#CLIENTS_PER_KEY_MAX] clients
/// @param prefix of the objects' names, which belong to this workload alone
/// @param answerSeconds after which a client gives up on an answer and asks the next manager
/// @param pause of each client between two operations; zero for none
public record WorkloadSettings(
    long seed, int clients, int keys, String prefix, int answerSeconds, Duration pause) {
  /// The most clients of a workload.
  public static final int CLIENTS_MAX = 64;

  /// The most clients of one key: with more, the search for an order takes too long.
  public static final int CLIENTS_PER_KEY_MAX = 8;

  /// The most keys of a workload.
  public static final int KEYS_MAX = 1_000;

  public WorkloadSettings {
    var groups = groups(clients);
    if (clients < 1 || clients > CLIENTS_MAX || keys < groups || keys > KEYS_MAX) {
      throw new IllegalArgumentException(
          "1 to %d clients and %d to %d keys are possible, not %d and %d"
              .formatted(CLIENTS_MAX, groups, KEYS_MAX, clients, keys));
    }
    if (answerSeconds < 1 || pause.isNegative()) {
      throw new IllegalArgumentException(
          "answers may take from 1 second on, and pauses from none: "
              + answerSeconds
              + ", "
              + pause);
    }
  }

  /// As many clients as one key may have, on fifty keys, as fast as they are answered.
  public static WorkloadSettings of(long seed) {
    return new WorkloadSettings(seed, CLIENTS_PER_KEY_MAX, 50, "wl-", 3, Duration.ZERO);
  }

  private static int groups(int clients) {
    return (clients + CLIENTS_PER_KEY_MAX - 1) / CLIENTS_PER_KEY_MAX;
  }

  /// The name of an object.
  String key(int number) {
    return prefix + number;
  }

  /// The object that a client works on when it has drawn a number below `keys`: clients are in
  /// groups, which share no object.
  String keyFor(int client, int drawn) {
    var groups = groups(clients);
    var group = client / CLIENTS_PER_KEY_MAX;
    var inGroup = (keys - group + groups - 1) / groups;
    return key(drawn % inGroup * groups + group);
  }
}
