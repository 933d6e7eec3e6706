package dev.skein.chaos.experiment;

import java.util.List;

/// What a run was and found, as it is kept. All times are milliseconds since the run's
/// beginning.
///
/// @param id names its directory
/// @param startedMillis Unix time of its beginning
/// @param outcome one of [Outcome]
/// @param why the outcome, in a sentence
/// @param acknowledged operations
/// @param writeGapMillis the longest time without an acknowledged write
/// @param recoveredMillis from the last fault's end until all was well again; -1 if it was not
public record RunRecord(
    String id,
    String title,
    long seed,
    long startedMillis,
    long lengthMillis,
    Outcome outcome,
    String why,
    long acknowledged,
    long writeGapMillis,
    long recoveredMillis,
    List<Bar> faults,
    List<Lead> leaders,
    List<Second> writes,
    List<Span> unconverged,
    List<Judged> verdicts,
    List<Said> lines) {

  /// How it ended.
  public enum Outcome {
    /// All that was looked at held.
    PASSED,
    /// Something did not hold.
    FAILED,
    /// Something could not be found out, or nothing could be done.
    UNDECIDED,
    /// An abort condition was reached.
    ABORTED,
    /// It was ended by hand.
    INTERRUPTED,
    /// The cluster was not well before anything was done.
    NOT_STEADY
  }

  /// A fault.
  ///
  /// @param node that it befell; empty if it was not injected
  /// @param state `done`, or why not: `skipped: …`, `failed: …`
  public record Bar(
      int number,
      String fault,
      String target,
      String node,
      String options,
      long beginMillis,
      long endMillis,
      String state) {}

  /// A manager that began to lead.
  ///
  /// @param term 0 when it is not known
  public record Lead(String node, long term, long fromMillis) {}

  /// What clients' writes were in one second.
  ///
  /// @param unknown how many have an unknown outcome
  public record Second(
      int second, int acknowledged, int unknown, double p50Millis, double p99Millis) {}

  /// A time in which something was so.
  public record Span(long fromMillis, long toMillis, String what) {}

  /// What was judged.
  ///
  /// @param verdict `held`, `violated`, `undecided`
  public record Judged(String check, String verdict, String text) {}

  /// A line of the timeline.
  public record Said(long atMillis, String text) {}
}
