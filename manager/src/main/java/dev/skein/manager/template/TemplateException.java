package dev.skein.manager.template;

/// A placeholder that cannot be read. Its message is for the user: it says what is wrong and points
/// at the column.
public final class TemplateException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int column;

  TemplateException(String problem, int column) {
    super(problem + " (at column " + column + ")");
    this.column = column;
  }

  /// Where the offending part begins, from 1.
  public int column() {
    return column;
  }
}
