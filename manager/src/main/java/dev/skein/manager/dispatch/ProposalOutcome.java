package dev.skein.manager.dispatch;

/// How a proposal of the dispatcher's core ended.
public sealed interface ProposalOutcome {

  /// Committed and applied at this index.
  record Committed(long index) implements ProposalOutcome {}

  /// It did not fit the state (any more): what is still wanted is proposed again, anew.
  record Conflicting(String reason) implements ProposalOutcome {}

  /// Nobody could commit it now, or nobody knows: it is proposed again, after a pause.
  record Unavailable(String reason) implements ProposalOutcome {}
}
