package dev.skein.cli.command;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/// Finds what the user may have meant.
final class Suggestion {
  private Suggestion() {}

  /// The candidate that a typing error or two lead to, or null. Distance is Damerau's and
  /// Levenshtein's (optimal string alignment).
  static @Nullable String nearest(String typed, Collection<String> candidates) {
    int most = typed.length() <= 3 ? 1 : 2;
    String best = null;
    int least = most + 1;
    for (String candidate : candidates) {
      int distance =
          typed.length() >= 3 && candidate.startsWith(typed) ? 1 : distance(typed, candidate);
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return best;
  }

  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + cost);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
