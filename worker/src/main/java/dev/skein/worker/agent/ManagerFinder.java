package dev.skein.worker.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.random.RandomGenerator;

/// Which manager to try next, and after what pause. Pure but for the generator it is given.
///
/// When a session is lost the managers are asked in quick succession, because a leader that died
/// has a successor within a second; after that the pauses grow. A manager that knows the leader
/// sends the agent there at once. Not thread-safe.
final class ManagerFinder {

  /// Manager addresses kept.
  static final int ADDRESSES_MAX = 32;

  /// Pauses of the quick tries after a lost session: half to all of it, at random.
  static final Duration QUICK = Duration.ofMillis(100);

  /// Quick tries after a lost session: a second or so of them.
  static final int QUICK_TRIES = 15;

  /// The longest pause.
  static final Duration SLOWEST = Duration.ofSeconds(8);

  /// Redirects followed at once before a pause is made: two managers may disagree on the leader.
  static final int REDIRECTS_MAX = 3;

  private final RandomGenerator random;
  private List<String> addresses;
  private int position;
  private int failures;
  private int redirects;
  private boolean atOnce = true;

  ManagerFinder(List<String> addresses, RandomGenerator random) {
    if (addresses.isEmpty()) {
      throw new IllegalArgumentException("no manager's address is known: the node can't join");
    }
    this.random = random;
    this.addresses = limited(addresses);
    position = random.nextInt(this.addresses.size());
    // A restarted daemon may be one of all of them at once, so it begins quickly as well.
  }

  private static List<String> limited(List<String> addresses) {
    return new LinkedHashSet<>(addresses).stream().limit(ADDRESSES_MAX).toList();
  }

  /// The managers as a leader lists them, itself first.
  void known(List<String> listed) {
    if (!listed.isEmpty()) {
      addresses = limited(listed);
      position = 0;
    }
  }

  /// The managers' addresses, the likeliest leader first.
  List<String> addresses() {
    return addresses;
  }

  /// The manager to try now.
  String next() {
    return addresses.get(position % addresses.size());
  }

  /// The manager that was tried took the session.
  void accepted() {
    failures = 0;
    redirects = 0;
    atOnce = true;
  }

  /// The manager that was tried names the leader.
  void redirected(String leader) {
    var index = addresses.indexOf(leader);
    if (index < 0) {
      var longer = new ArrayList<String>();
      longer.add(leader);
      longer.addAll(addresses);
      addresses = limited(longer);
      index = 0;
    }
    position = index;
    if (++redirects > REDIRECTS_MAX) {
      redirects = 0;
      failures++;
    } else {
      atOnce = true;
    }
  }

  /// The manager that was tried did not take the session, or lost it.
  void failed() {
    failures++;
    position = (position + 1) % addresses.size();
  }

  /// The pause before [#next] is tried.
  Duration pause() {
    if (atOnce) {
      atOnce = false;
      return Duration.ZERO;
    }
    // Below this many tries they are quick; beyond it they double up to the slowest.
    var doublings = Math.clamp(failures - QUICK_TRIES, 0, 10);
    var longest = QUICK.multipliedBy(1L << doublings);
    if (longest.compareTo(SLOWEST) > 0) {
      longest = SLOWEST;
    }
    var half = longest.toNanos() / 2;
    return Duration.ofNanos(half + random.nextLong(half + 1));
  }
}
