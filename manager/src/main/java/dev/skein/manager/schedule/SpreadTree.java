package dev.skein.manager.schedule;

import dev.skein.proto.v1.Node;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The nodes that may get a group's tasks, the best first: spread evenly over the values of each
/// label asked for, outermost first, and within that by how little a node has to do. A node that
/// turns out to have no room is dropped, so each is asked about that once.
final class SpreadTree {
  private final List<String> labels;
  private final Branch root;

  /// @param labels such as `node.labels.zone`; a node without the label counts as one with an
  /// empty value
  SpreadTree(List<String> labels) {
    this.labels = labels;
    this.root = newBranch(0);
  }

  /// A node, with what decides its rank: fewer failures, fewer tasks of the service, fewer tasks,
  /// and then its id so that the order is always the same.
  record Candidate(Node node, int failures, int tasksOfService, int tasks) {
    static final Comparator<Candidate> BY_RANK =
        Comparator.comparingInt(Candidate::failures)
            .thenComparingInt(Candidate::tasksOfService)
            .thenComparingInt(Candidate::tasks)
            .thenComparing(candidate -> candidate.node.getId());

    Candidate withOneMore() {
      return new Candidate(node, failures, tasksOfService + 1, tasks + 1);
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
    return depth == labels.size() ? new Leaf() : new Fork(depth);
  }

  private abstract static class Branch {
    /// Tasks of the service on all nodes of the branch, those that were dropped included.
    int tasksOfService;

    abstract void add(Candidate candidate);

    abstract @Nullable Node take(Predicate<Node> hasRoom);
  }

  private static final class Leaf extends Branch {
    private final PriorityQueue<Candidate> candidates = new PriorityQueue<>(Candidate.BY_RANK);

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
