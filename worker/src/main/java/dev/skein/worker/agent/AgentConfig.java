package dev.skein.worker.agent;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/// What an agent is made of.
///
/// @param nodeId this node; the certificate behind the connections is its
/// @param addr host without port that other nodes reach this one at
/// @param managers `host:port` of the managers known from elsewhere; the journal may know more
/// @param clock dates statuses and judges waits; must not jump
/// @param nanoTime measures silence
/// @param random spreads reconnections
/// @param threads makes the agent's two threads: its loop's and its heartbeat's. Platform threads
///     on a node, so that nothing else can starve the heartbeat; virtual ones for a thousand
///     simulated workers in one process
public record AgentConfig(
    String nodeId,
    String addr,
    List<String> managers,
    InstantSource clock,
    LongSupplier nanoTime,
    RandomGenerator random,
    ThreadFactory threads) {

  /// How long a manager may take to accept a session.
  static final Duration ACCEPT_TIMEOUT = Duration.ofSeconds(2);

  /// A manager that says nothing for so many heartbeat periods is taken for gone.
  static final int SILENT_PERIODS = 3;

  public AgentConfig {
    managers = List.copyOf(managers);
  }
}
