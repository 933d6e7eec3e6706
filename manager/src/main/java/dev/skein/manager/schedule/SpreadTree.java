package dev.skein.manager.schedule;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.PlacementStrategy;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The nodes that may get a group's tasks, the best first: spread evenly over the values of each
/// label asked for, outermost first, and within that as the strategy says. A node that
/// turns out to have no room is dropped, so each is asked about that once.
final class SpreadTree {
  private final List<String> labels;
  private final Comparator<Candidate> order;
  private final Branch root;

  /// @param labels such as `node.labels.zone`; a node without the label counts as one with an
  /// empty value
  /// @param strategy which of the nodes of one value is the best
  SpreadTree(List<String> labels, PlacementStrategy strategy) {
    this.labels = labels;
    this.order =
        strategy == PlacementStrategy.PLACEMENT_STRATEGY_BINPACK
            ? Candidate.FULLEST_FIRST
            : Candidate.EMPTIEST_FIRST;
    this.root = newBranch(0);
  }

  /// A node, with what decides its rank. Its id comes last, so that the order is always the same.
  ///
  /// @param load with one more task
  record Candidate(Node node, int failures, int tasksOfService, int tasks, Load load) {
    /// To spread: fewer failures, fewer tasks of the service, less reserved, fewer tasks.
    static final Comparator<Candidate> EMPTIEST_FIRST =
        Comparator.comparingInt(Candidate::failures)
            .thenComparingInt(Candidate::tasksOfService)
            .thenComparingLong(candidate -> candidate.load.parts())
            .thenComparingInt(Candidate::tasks)
            .thenComparing(candidate -> candidate.node.getId());

    /// To pack: fewer failures, more reserved, more tasks.
    static final Comparator<Candidate> FULLEST_FIRST =
        Comparator.comparingInt(Candidate::failures)
            .thenComparing(Comparator.<Candidate>comparingLong(c -> c.load.parts()).reversed())
            .thenComparing(Comparator.comparingInt(Candidate::tasks).reversed())
            .thenComparing(candidate -> candidate.node.getId());

    Candidate withOneMore() {
      return new Candidate(node, failures, tasksOfService + 1, tasks + 1, load.withOneMore());
    }
  }

  void add(Candidate candidate) {
    root.add(candidate);
  }

  /// The best node that has room, which then counts one task more; null when none is left.
  @Nullable Node take(Predicate<Node> hasRoom) {
    return root.take(hasRoom);
  }

  private Branch newBranch(int depth) {
    return depth == labels.size() ? new Leaf(order) : new Fork(depth);
  }

  private abstract static class Branch {
    /// Tasks of the service on all nodes of the branch, those that were dropped included.
    int tasksOfService;

    abstract void add(Candidate candidate);

    abstract @Nullable Node take(Predicate<Node> hasRoom);
  }

  private static final class Leaf extends Branch {
    private final PriorityQueue<Candidate> candidates;

    Leaf(Comparator<Candidate> order) {
      candidates = new PriorityQueue<>(order);
    }

    @Override
    void add(Candidate candidate) {
      tasksOfService += candidate.tasksOfService();
      candidates.add(candidate);
    }

    @Override
    @Nullable Node take(Predicate<Node> hasRoom) {
      while (true) {
        var best = candidates.poll();
        if (best == null) {
          return null;
        }
        if (hasRoom.test(best.node())) {
          candidates.add(best.withOneMore());
          tasksOfService++;
          return best.node();
        }
      }
    }
  }

  private final class Fork extends Branch {
    private final int depth;
    private final SortedMap<String, Branch> branches = new TreeMap<>();

    Fork(int depth) {
      this.depth = depth;
    }

    @Override
    void add(Candidate candidate) {
      tasksOfService += candidate.tasksOfService();
      branches
          .computeIfAbsent(
              SpreadLabels.value(candidate.node(), labels.get(depth)), v -> newBranch(depth + 1))
          .add(candidate);
    }

    @Override
    @Nullable Node take(Predicate<Node> hasRoom) {
      while (!branches.isEmpty()) {
        var least = least();
        var branch = branches.get(least);
        var node = branch == null ? null : branch.take(hasRoom);
        if (node != null) {
          tasksOfService++;
          return node;
        }
        branches.remove(least);
      }
      return null;
    }

    private String least() {
      var least = branches.firstKey();
      var tasks = Integer.MAX_VALUE;
      for (var branch : branches.entrySet()) {
        if (branch.getValue().tasksOfService < tasks) {
          least = branch.getKey();
          tasks = branch.getValue().tasksOfService;
        }
      }
      return least;
    }
  }
}
