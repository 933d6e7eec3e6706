package dev.skein.chaos.experiment;

import dev.skein.chaos.experiment.Experiment.Step;
import dev.skein.chaos.fault.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// What an experiment will do to a cluster, decided before anything is done.
///
/// @param entries one for each step of the method
/// @param refusals why it may not be run there at all; empty when it may
public record Plan(List<Entry> entries, List<String> refusals) {

  private static final int REASONS_MAX = 10;

  /// A node of the cluster.
  ///
  /// @param forbidden why no fault may befall it, if none may
  public record Member(String name, boolean manager, Optional<String> forbidden) {

    /// One that may be hurt.
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
  /// what is left to chance.
  private static List<String> tooMany(
      Experiment experiment, List<Entry> entries, List<Member> members) {
    if (experiment.guard().anyManagers()) {
      return List.of();
    }
    var managers = members.stream().filter(Member::manager).count();
    var minority = (managers - 1) / 2;
    for (var entry : entries) {
      var at = entry.step().at();
      var hurt =
          entries.stream()
              .filter(other -> other.skipped().isEmpty() && hurtsManager(other.step(), members))
              .filter(other -> isInForce(other.step(), at))
              .toList();
      if (countOf(hurt) > minority) {
        return List.of(
            "at %s up to %d of %d managers would be hurt (steps %s), which is no minority; leave one"
                    .formatted(
                        Words.of(at),
                        countOf(hurt),
                        managers,
                        hurt.stream().map(Entry::number).toList())
                + " out, or allow it: guard: {max_managers: any}");
      }
    }
    return List.of();
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
  private static long countOf(List<Entry> entries) {
    return entries.stream()
        .map(
            entry -> {
              var target = entry.step().target();
              return target.kind() == Target.Kind.NAMED
                  ? target.word()
                  : target.word() + " of step " + entry.number();
            })
        .distinct()
        .count();
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
