package dev.skein.cli.format;

import java.util.Comparator;

/// Orders names as people do: `web.2` before `web.10`.
public final class NaturalOrder implements Comparator<String> {
  /// The one instance.
  public static final NaturalOrder INSTANCE = new NaturalOrder();

  private NaturalOrder() {}

  @Override
  public int compare(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() && j < b.length()) {
      if (isDigit(a.charAt(i)) && isDigit(b.charAt(j))) {
        int startA = skipZeros(a, i);
        int startB = skipZeros(b, j);
        int endA = skipDigits(a, startA);
        int endB = skipDigits(b, startB);
        int byLength = Integer.compare(endA - startA, endB - startB);
        if (byLength != 0) {
          return byLength;
        }
        int byDigits = a.substring(startA, endA).compareTo(b.substring(startB, endB));
        if (byDigits != 0) {
          return byDigits;
        }
        i = endA;
        j = endB;
      } else {
        int byChar = Character.compare(a.charAt(i), b.charAt(j));
        if (byChar != 0) {
          return byChar;
        }
        i++;
        j++;
      }
    }
    int byRest = Integer.compare(a.length() - i, b.length() - j);
    return byRest != 0 ? byRest : a.compareTo(b);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static int skipZeros(String text, int from) {
    int at = from;
    while (at < text.length() && text.charAt(at) == '0') {
      at++;
    }
    return at;
  }

  private static int skipDigits(String text, int from) {
    int at = from;
    while (at < text.length() && isDigit(text.charAt(at))) {
      at++;
    }
    return at;
  }
}
