package dev.skein.chaos.gate;

import dev.skein.chaos.lab.MeshProbe.Call;
import java.util.List;
import java.util.Set;

/// Calls of the published service that were made while one fault was in force, or until the cluster
/// was whole again after it, through nodes that it did not befall.
///
/// @param calls how many
/// @param lost those without an answer
record Requests(long calls, List<Call> lost) {
  /// The name in verdicts of what is asked of them.
  static final String CHECK = "requests-within-budget";

  Requests {
    lost = List.copyOf(lost);
  }

  /// @param calls through all nodes
  /// @param hurt the names of the nodes that the fault befell: who calls those may be disturbed
  static Requests of(List<Call> calls, Set<String> hurt) {
    var judged = calls.stream().filter(call -> !hurt.contains(call.node())).toList();
    return new Requests(judged.size(), judged.stream().filter(call -> !call.answered()).toList());
  }
}
