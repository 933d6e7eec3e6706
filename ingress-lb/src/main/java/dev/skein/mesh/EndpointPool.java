package dev.skein.mesh;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The replicas behind one port and the choice among them.
///
/// The choice is two candidates in rotation: the next replica in turn, unless the one after it has
/// strictly fewer open connections here. On equal load that is exact round robin, so N clients
/// reach N replicas. Under unequal load it moves work away as the power of two choices does
/// (Mitzenmacher, 1996), without its randomness. Plain least-connections was passed over: it sends
/// every client to a replica that has just started, or to one that accepts and fails fast; here
/// neither gets more than two turns in N.
///
/// A replica that could not be reached is passed over for 100 ms, doubled with each further failure
/// up to a maximum, but used again before that when no other is left.
///
/// Thread-safe by its own monitor, held for short computations only: event loops share a pool, and
/// a lock that is almost never contended is cheaper than one rotation for each loop, which would
/// not be exact.
final class EndpointPool {
  private static final long AVOID_FIRST_NANOS = 100_000_000;
  private static final int AVOID_DOUBLINGS_MAX = 20;

  private final long avoidMaxNanos;
  private final Map<String, Replica> byTask = new HashMap<>();
  private List<Replica> ready = List.of();
  private int cursor;

  /// Makes an empty pool.
  ///
  /// @param firstTurn where the rotation starts, so that the nodes of a cluster do not all start at
  ///     the same replica
  EndpointPool(long avoidMaxNanos, int firstTurn) {
    this.avoidMaxNanos = avoidMaxNanos;
    this.cursor = firstTurn & Integer.MAX_VALUE;
  }

  /// Chooses a replica for `session` and counts the session as open on it, or returns null when
  /// every ready replica is in `tried` or there is none.
  synchronized @Nullable Replica acquire(
      Session session, long nowNanos, Collection<Replica> tried) {
    var chosen = choose(nowNanos, tried);
    if (chosen != null) {
      chosen.sessions.add(session);
      chosen.load.opened();
    }
    return chosen;
  }

  /// Ends what [#acquire] began.
  void release(Replica replica, Session session) {
    boolean removed;
    synchronized (this) {
      removed = replica.sessions.remove(session);
    }
    if (removed) {
      replica.load.closed();
    }
  }

  /// Passes the replica over for a while.
  synchronized void failed(Replica replica, long nowNanos) {
    int doublings = Math.min(replica.failures, AVOID_DOUBLINGS_MAX);
    replica.failures++;
    replica.avoidUntilNanos = nowNanos + Math.min(AVOID_FIRST_NANOS << doublings, avoidMaxNanos);
  }

  /// The replica answered.
  synchronized void succeeded(Replica replica) {
    replica.failures = 0;
  }

  /// Replaces the endpoints. Sessions on replicas that are gone are evicted; an endpoint whose
  /// address changed is another replica.
  void update(List<Endpoint> endpoints, Function<String, TaskLoad> loads) {
    var gone = new ArrayList<Replica>();
    synchronized (this) {
      var kept = new HashMap<String, Replica>();
      var nowReady = new ArrayList<Replica>();
      for (var endpoint : endpoints) {
        var replica = byTask.remove(endpoint.taskId());
        if (replica != null && !replica.address.equals(endpoint.address())) {
          gone.add(replica);
          replica = null;
        }
        if (replica == null) {
          replica = new Replica(endpoint, loads.apply(endpoint.taskId()));
        }
        replica.endpoint = endpoint;
        kept.put(endpoint.taskId(), replica);
        if (replica.ready()) {
          nowReady.add(replica);
        }
      }
      gone.addAll(byTask.values());
      byTask.clear();
      byTask.putAll(kept);
      ready = List.copyOf(nowReady);
    }
    for (var replica : gone) {
      for (var session : sessionsOf(replica)) {
        session.evict(replica);
      }
    }
  }

  /// Whether no replica takes new connections.
  synchronized boolean isEmpty() {
    return ready.isEmpty();
  }

  /// Whether a new connection may no longer go to this replica.
  synchronized boolean draining(Replica replica) {
    return !replica.ready();
  }

  private synchronized List<Session> sessionsOf(Replica replica) {
    return List.copyOf(replica.sessions);
  }

  private @Nullable Replica choose(long nowNanos, Collection<Replica> tried) {
    int size = ready.size();
    if (size == 0) {
      return null;
    }
    int start = cursor % size;
    cursor = start + 1;
    Replica first = null;
    Replica soonest = null;
    for (int i = 0; i < size; i++) {
      var candidate = ready.get((start + i) % size);
      if (tried.contains(candidate)) {
        continue;
      }
      if (candidate.failures > 0 && candidate.avoidUntilNanos - nowNanos > 0) {
        if (soonest == null || candidate.avoidUntilNanos - soonest.avoidUntilNanos < 0) {
          soonest = candidate;
        }
        continue;
      }
      if (first == null) {
        // The turn moves past those that were passed over, or they would give their share to their
        // neighbour.
        first = candidate;
        cursor = (start + i) % size + 1;
      } else {
        return candidate.sessions.size() < first.sessions.size() ? candidate : first;
      }
    }
    return first != null ? first : soonest;
  }
}
