package dev.skein.chaos.experiment;

import dev.skein.chaos.experiment.Experiment.Step;
import dev.skein.chaos.fault.Fault;
import dev.skein.chaos.lab.Cluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/// What an experiment will do to a cluster, decided before anything is done.
///
/// @param entries one for each step of the method
/// @param refusals why it may not be run there at all; empty when it may
public record Plan(List<Entry> entries, List<String> refusals) {

  private static final int REASONS_MAX = 10;

  /// A node of the cluster.
  ///
  /// @param forbidden why no fault may befall it, if none may
  /// @param hurt what is wrong with a manager before anything is done, if something is
  public record Member(
      String name, boolean manager, Optional<String> forbidden, Optional<String> hurt) {

    /// One that is well.
    public Member(String name, boolean manager, Optional<String> forbidden) {
      this(name, manager, forbidden, Optional.empty());
    }

    /// One that is well and may be hurt.
    public Member(String name, boolean manager) {
      this(name, manager, Optional.empty());
    }

    private boolean isAllowed() {
      return forbidden.isEmpty();
    }

    private boolean isCandidate(Target target) {
      return switch (target.kind()) {
        case LEADER, MANAGER, FOLLOWER -> manager;
        case WORKER -> !manager;
        case ANY -> true;
        case NAMED -> name.equals(target.word());
      };
    }
  }

  /// A step with its number from 1.
  ///
  /// @param skipped why it can't be done there, if it can't
  public record Entry(int number, Step step, Optional<String> skipped) {}

  /// One end of a fault.
  ///
  /// @param begins whether it begins; otherwise it ends
  public record Event(Duration at, boolean begins, Entry entry) {}

  /// The managers that are hurt before anything is done, by name, and what is wrong with each.
  public static Map<String, String> hurt(Cluster cluster, LongSupplier nanoTime) {
    return Quorum.hurt(cluster, nanoTime);
  }

  /// Plans an experiment for a cluster.
  ///
  /// @param unsupported why a fault can't be injected there, if it can't
  public static Plan of(
      Experiment experiment, List<Member> members, Function<Fault, Optional<String>> unsupported) {
    var entries = new ArrayList<Entry>();
    for (var step : experiment.method()) {
      var reason = unsupported.apply(step.fault()).or(() -> nobody(step.target(), members));
      entries.add(new Entry(entries.size() + 1, step, reason));
    }
    var refusals = new ArrayList<>(forbidden(entries, members));
    refusals.addAll(tooMany(experiment, entries, members));
    return new Plan(List.copyOf(entries), List.copyOf(refusals));
  }

  private static Optional<String> nobody(Target target, List<Member> members) {
    var candidates = members.stream().filter(member -> member.isCandidate(target)).count();
    var there = candidates > (target.kind() == Target.Kind.FOLLOWER ? 1 : 0);
    return there
        ? Optional.empty()
        : Optional.of(
            "there is no %s; the nodes are %s"
                .formatted(target, members.stream().map(Member::name).toList()));
  }

  /// Steps that no node may be hurt by.
  private static List<String> forbidden(List<Entry> entries, List<Member> members) {
    var refusals = new LinkedHashSet<String>();
    for (var entry : entries) {
      var candidates =
          members.stream().filter(member -> member.isCandidate(entry.step().target())).toList();
      if (entry.skipped().isEmpty() && candidates.stream().noneMatch(Member::isAllowed)) {
        refusals.add(
            "step %d: no %s may be hurt:".formatted(entry.number(), entry.step().target()));
        candidates.stream()
            .limit(REASONS_MAX)
            .forEach(member -> refusals.add("  " + member.forbidden().orElseThrow()));
      }
    }
    return List.copyOf(refusals);
  }

  /// At no moment more managers may be hurt than the cluster can lose, in the worst choice of
  /// what is left to chance. Those that are hurt before count all the time.
  private static List<String> tooMany(
      Experiment experiment, List<Entry> entries, List<Member> members) {
    if (experiment.guard().anyManagers()) {
      return List.of();
    }
    var managers = members.stream().filter(Member::manager).count();
    var minority = (managers - 1) / 2;
    var before =
        members.stream().filter(member -> member.manager() && member.hurt().isPresent()).toList();
    for (var entry : entries) {
      var at = entry.step().at();
      var hurt =
          entries.stream()
              .filter(other -> other.skipped().isEmpty() && hurtsManager(other.step(), members))
              .filter(other -> isInForce(other.step(), at))
              .toList();
      if (!hurt.isEmpty() && countOf(hurt, before) > minority) {
        return refusal(at, hurt, before, managers);
      }
    }
    return List.of();
  }

  private static List<String> refusal(
      Duration at, List<Entry> hurt, List<Member> before, long managers) {
    var refusal = new ArrayList<String>();
    refusal.add(
        "at %s up to %d of %d managers would be hurt (steps %s), which is no minority; %s, or allow it: guard: {max_managers: any}"
            .formatted(
                Words.of(at),
                Math.min(managers, countOf(hurt, before)),
                managers,
                hurt.stream().map(Entry::number).toList(),
                before.isEmpty()
                    ? "leave one out"
                    : "bring back the manager that is down (skein dev start NODE)"));
    before.stream()
        .limit(REASONS_MAX)
        .forEach(
            member -> refusal.add("  before anything is done: " + member.hurt().orElseThrow()));
    return List.copyOf(refusal);
  }

  private static boolean isInForce(Step step, Duration at) {
    return step.at().compareTo(at) <= 0 && step.end().compareTo(at) > 0;
  }

  private static boolean hurtsManager(Step step, List<Member> members) {
    return step.fault().lasting()
        && switch (step.target().kind()) {
          case LEADER, FOLLOWER, MANAGER -> true;
          case WORKER -> false;
          case ANY, NAMED ->
              members.stream()
                  .filter(member -> member.manager() && member.isAllowed())
                  .anyMatch(member -> member.isCandidate(step.target()));
        };
  }

  /// Two faults of one named node hurt one.
  private static long countOf(List<Entry> entries, List<Member> before) {
    var targets =
        entries.stream()
            .map(
                entry -> {
                  var target = entry.step().target();
                  return target.kind() == Target.Kind.NAMED
                      ? target.word()
                      : target.word() + " of step " + entry.number();
                });
    return Stream.concat(targets, before.stream().map(Member::name)).distinct().count();
  }

  /// Beginnings and ends in the order of time; what ends at a moment ends before another
  /// begins.
  public List<Event> events() {
    var events = new ArrayList<Event>();
    for (var entry : entries) {
      if (entry.skipped().isEmpty()) {
        events.add(new Event(entry.step().at(), true, entry));
        if (entry.step().fault().lasting()) {
          events.add(new Event(entry.step().end(), false, entry));
        }
      }
    }
    events.sort(Comparator.comparing(Event::at).thenComparing(Event::begins));
    return List.copyOf(events);
  }
}
