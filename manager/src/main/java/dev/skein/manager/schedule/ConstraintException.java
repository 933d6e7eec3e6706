package dev.skein.manager.schedule;

/// A constraint that cannot be read. Its message is for the user: it quotes the constraint, says
/// what is wrong with it and points at the column.
public final class ConstraintException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int column;

  ConstraintException(String constraint, String problem, int column) {
    super("constraint '" + constraint + "' " + problem + " (at column " + column + ")");
    this.column = column;
  }

  /// Where the offending part begins, from 1.
  public int column() {
    return column;
  }
}
