package dev.skein.chaos.sim;

import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.DispatcherMessage;
import java.time.Instant;

/// One stream between an agent and a leader: ordered, and whole or broken. Messages take a while; a
/// partition eats them and breaks the stream without telling either end.
final class SimulatedSession {
  final long key;
  final SimulatedWorker worker;
  final SimulatedManager manager;
  private final SimulatedTime time;
  private final Chance chance;
  private Instant lastUp = Instant.MIN;
  private Instant lastDown = Instant.MIN;
  private boolean broken;

  SimulatedSession(
      long key,
      SimulatedWorker worker,
      SimulatedManager manager,
      SimulatedTime time,
      Chance chance) {
    this.key = key;
    this.worker = worker;
    this.manager = manager;
    this.time = time;
    this.chance = chance;
  }

  void up(Runnable delivery) {
    lastUp = later(lastUp);
    time.at(lastUp, () -> deliver(delivery));
  }

  void up(AgentMessage message) {
    up(() -> manager.received(this, message));
  }

  void down(DispatcherMessage message) {
    lastDown = later(lastDown);
    time.at(lastDown, () -> deliver(() -> worker.received(this, message)));
  }

  /// The manager ends it, or its process does.
  void endFromManager() {
    lastDown = later(lastDown);
    time.at(lastDown, () -> deliver(() -> worker.ended(this)));
  }

  /// The agent ends it, or its process does.
  void endFromWorker() {
    up(() -> manager.closed(this));
    // Nothing that is still on its way down arrives.
    time.at(lastUp, () -> broken = true);
  }

  /// Nothing arrives at either end any more.
  void breakOff() {
    broken = true;
  }

  private Instant later(Instant last) {
    var at = time.now().plus(chance.micros(100, 10_000));
    return at.isAfter(last) ? at : last;
  }

  private void deliver(Runnable delivery) {
    if (worker.isCutOff()) {
      broken = true;
    }
    if (!broken) {
      delivery.run();
    }
  }
}
