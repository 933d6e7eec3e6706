package dev.skein.cli.format;

/// A template is wrong, or does not fit what it is applied to. The message shows the template with
/// a
/// mark under the offending place.
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TemplateException(String problem, String source, int position) {
    super("template: " + problem + "\n  " + line(source, position));
  }

  private static String line(String source, int position) {
    int at = Math.min(position, source.length());
    int start = source.lastIndexOf('\n', at - 1) + 1;
    int end = source.indexOf('\n', at);
    String line = source.substring(start, end < 0 ? source.length() : end).replace('\t', ' ');
    return line + "\n  " + " ".repeat(at - start) + "^";
  }
}
