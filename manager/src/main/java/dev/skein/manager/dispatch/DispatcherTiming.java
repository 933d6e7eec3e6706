package dev.skein.manager.dispatch;

import dev.skein.state.Defaults;
import java.time.Duration;

/// After how long a silent node is taken for what. All follow from the heartbeat's period.
///
/// - A node that stops reporting is down after three missed periods.
/// - A session that breaks (its process was killed and the kernel reset the connection, or the
///   path broke) is a sign of death but no proof: an agent that is restarted by its service
///   manager is back within about a second, and its tasks ran on all the while. Waiting two
///   periods from the break lets it come back and is still sooner than the missed heartbeats would
///   tell.
/// - A session that its agent closed in order belongs to a daemon that is being replaced, and its
///   tasks run on by design; it gets longer to return, so that an upgrade moves no task.
/// - A new leader has heard of nobody. It counts from its taking over, and gives each node of a
///   large cluster a little more, because a thousand handshakes take seconds.
/// - After a standstill, when the managers themselves have just been started, the nodes' daemons
///   are most likely starting too, some sooner than others. They get long enough for that: moving
///   the tasks of whoever is last would be worse than finding a dead node later.
///
/// @param period the heartbeat's period that agents are told
/// @param silent silence after which a connected node is down
/// @param broken time after a broken session
/// @param closed time after an orderly closed session
/// @param unknown time after which a new leader says that it has not heard of a node
/// @param takeover time that a new leader gives nodes to connect
/// @param standstill the same of the first leader after a standstill
/// @param late by how much the leader may look late at a deadline and still judge by it
public record DispatcherTiming(
    Duration period,
    Duration silent,
    Duration broken,
    Duration closed,
    Duration unknown,
    Duration takeover,
    Duration standstill,
    Duration late) {

  private static final int BROKEN_PERIODS = 2;
  private static final int CLOSED_PERIODS = 5;
  private static final int STANDSTILL_PERIODS = 15;
  private static final Duration TAKEOVER_PER_NODE = Duration.ofMillis(5);

  /// The timing that a heartbeat period gives in a cluster of so many nodes.
  public static DispatcherTiming of(Duration period, int nodes) {
    var handshakes = TAKEOVER_PER_NODE.multipliedBy(nodes);
    return new DispatcherTiming(
        period,
        period.multipliedBy(Defaults.HEARTBEATS_MISSED),
        period.multipliedBy(BROKEN_PERIODS),
        period.multipliedBy(CLOSED_PERIODS),
        period,
        period.multipliedBy(Defaults.HEARTBEATS_MISSED).plus(handshakes),
        period.multipliedBy(STANDSTILL_PERIODS).plus(handshakes),
        period.dividedBy(2));
  }
}
