package dev.skein.chaos.sim;

import dev.skein.manager.autoscale.AutoscaleCore;
import dev.skein.manager.control.Admission;
import dev.skein.manager.control.Rejection;
import dev.skein.manager.dispatch.DispatchEffect;
import dev.skein.manager.dispatch.DispatcherCore;
import dev.skein.manager.dispatch.ProposalOutcome;
import dev.skein.manager.loop.ControlCore;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.stats.ClusterStats;
import dev.skein.proto.v1.AgentHello;
import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.state.ChangeSets;
import dev.skein.state.Commit;
import dev.skein.state.IdSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/// A leader for the length of its term: the control loop's core and the dispatcher's, driven as
/// their shells drive them.
final class SimulatedManager {
  /// How often in a row planners may find something to do: more often, and they keep only
  /// themselves busy.
  private static final int BUSY_ROUNDS_MAX = 200;

  private static final Duration AUTOSCALE_PERIOD = Duration.ofSeconds(1);

  private final SimulatedTime time;
  private final SimulatedLog log;
  private final Duration clockSkew;
  private final long term;
  private final ControlCore control;
  private final DispatcherCore dispatcher;
  private final TreeMap<Long, SimulatedSession> sessions = new TreeMap<>();
  private final Runnable onIdle;
  private final ClusterStats measurements = new ClusterStats(this::clock);
  private final AutoscaleCore autoscale = new AutoscaleCore();
  private final Admission admission;
  private boolean dead;
  private int inFlight;
  private boolean inDoubt;
  private boolean planning;
  private int busyRounds;
  private Instant controlAlarm = Instant.MAX;
  private Instant dispatcherAlarm = Instant.MAX;

  /// Begins a term whose log is decided.
  ///
  /// @param clockSkew how far this leader's clock is ahead
  /// @param onIdle called when the planners have nothing left to do for now
  SimulatedManager(
      SimulatedTime time,
      SimulatedLog log,
      List<Planner> planners,
      IdSource ids,
      Duration clockSkew,
      Admission admission,
      Runnable onIdle) {
    this.time = time;
    this.log = log;
    this.clockSkew = clockSkew;
    this.onIdle = onIdle;
    this.admission = admission;
    this.term = log.term();
    this.control = new ControlCore(planners, log.state());
    this.dispatcher = new DispatcherCore("manager", ids, log.state(), false, clock());
    log.follow(this::committed);
    schedulePlan();
    setDispatcherAlarm();
    time.after(AUTOSCALE_PERIOD, this::autoscale);
  }

  ControlCore control() {
    return control;
  }

  Instant clock() {
    return time.now().plus(clockSkew);
  }

  /// The process is gone, and its sessions with it.
  void die() {
    dead = true;
    sessions.values().forEach(SimulatedSession::endFromManager);
    sessions.clear();
  }

  void propose(ChangeSet set, Consumer<ProposalOutcome> outcome) {
    log.propose(term, set, outcome);
  }

  // ---- Sessions

  void opened(SimulatedSession session, AgentHello hello) {
    if (dead) {
      session.endFromManager();
      return;
    }
    sessions.put(session.key, session);
    perform(dispatcher.opened(session.key, session.worker.id(), hello, clock()));
  }

  void received(SimulatedSession session, AgentMessage message) {
    if (!dead) {
      perform(dispatcher.received(session.key, message, clock()));
    }
  }

  void closed(SimulatedSession session) {
    if (!dead && sessions.remove(session.key) != null) {
      perform(dispatcher.closed(session.key, false, clock()));
    }
  }

  private void perform(List<DispatchEffect> effects) {
    for (var effect : effects) {
      switch (effect) {
        case DispatchEffect.Send(var key, var message) -> {
          var session = sessions.get(key);
          if (session != null) {
            session.down(message);
          }
        }
        case DispatchEffect.End(var key, var code, var reason) -> {
          var session = sessions.remove(key);
          if (session != null) {
            session.endFromManager();
          }
        }
        case DispatchEffect.Measured(var nodeId, var stats) ->
            measurements.measured(nodeId, stats, clock());
        case DispatchEffect.Wanted(var services) -> measurements.wanted(services);
        case DispatchEffect.Propose(var number, var set) ->
            log.propose(
                term, set, outcome -> perform(dispatcher.proposed(number, outcome, clock())));
      }
    }
    setDispatcherAlarm();
  }

  private void setDispatcherAlarm() {
    var at = dispatcher.wakeAt();
    if (at != null && at.isBefore(dispatcherAlarm)) {
      dispatcherAlarm = at;
      time.at(at.minus(clockSkew), () -> ring(at));
    }
  }

  private void ring(Instant at) {
    if (!dead && dispatcherAlarm.equals(at)) {
      dispatcherAlarm = Instant.MAX;
      perform(dispatcher.tick(clock()));
    }
  }

  // ---- Autoscaling

  private void autoscale() {
    if (dead) {
      return;
    }
    var state = log.state();
    for (var mutation :
        autoscale.decide(state, measurements.fresh(), measurements.takeWanted(), clock())) {
      try {
        var admitted = admission.admit(state, mutation);
        log.propose(term, ChangeSets.of(clock(), admitted.changes()), outcome -> {});
      } catch (Rejection rejection) {
        throw new Violation("autoscaling asks for what may not be: " + rejection.getMessage());
      }
    }
    time.after(AUTOSCALE_PERIOD, this::autoscale);
  }

  // ---- Planning

  private void committed(Commit commit) {
    if (dead) {
      return;
    }
    control.observe(commit);
    perform(dispatcher.changed(commit, clock()));
    schedulePlan();
  }

  private void schedulePlan() {
    if (!planning && inFlight == 0) {
      planning = true;
      time.after(Duration.ofMillis(1), this::plan);
    }
  }

  private void plan() {
    planning = false;
    if (dead || inFlight > 0) {
      return;
    }
    var sets = new ArrayList<>(control.plan(clock()));
    if (sets.isEmpty()) {
      busyRounds = 0;
      setControlAlarm();
      onIdle.run();
      return;
    }
    if (++busyRounds > BUSY_ROUNDS_MAX) {
      throw new Violation("the planners have not come to rest for " + BUSY_ROUNDS_MAX + " rounds");
    }
    inFlight = sets.size();
    for (var set : sets) {
      log.propose(term, set, this::planned);
    }
  }

  private void planned(ProposalOutcome outcome) {
    if (dead) {
      return;
    }
    inDoubt |= outcome instanceof ProposalOutcome.Unavailable;
    if (--inFlight == 0) {
      if (inDoubt) {
        // The log is in order, so at this point it is decided about all of them.
        inDoubt = false;
        control.startOver(log.state());
      }
      schedulePlan();
    }
  }

  private void setControlAlarm() {
    var wakeAt = control.wakeAt();
    if (wakeAt != null) {
      var at = wakeAt.minus(clockSkew);
      if (at.isBefore(controlAlarm)) {
        controlAlarm = at;
        time.at(
            at,
            () -> {
              if (controlAlarm.equals(at)) {
                controlAlarm = Instant.MAX;
                schedulePlan();
              }
            });
      }
    }
  }
}
