package dev.skein.api.http;

import static dev.skein.api.ApiException.badRequest;

/// A version of Docker's API; all of them are 1.something.
public record ApiVersion(int minor) implements Comparable<ApiVersion> {
  /// The oldest and the newest that this server speaks.
  public static final ApiVersion MIN = new ApiVersion(24);

  public static final ApiVersion MAX = new ApiVersion(47);

  /// Since when logs have a content type of their own, and `/_ping` tells the swarm's state.
  public static final ApiVersion MULTIPLEXED_STREAM = new ApiVersion(42);

  private static final int MAX_DIGITS = 4;

  /// @param text as in a path, without the `v`: `1.47`
  /// @throws dev.skein.api.ApiException 400 for another major version, or one too old or too new
  static ApiVersion parse(String text) {
    var dot = text.indexOf('.');
    var major = dot < 0 ? text : text.substring(0, dot);
    var minor = dot < 0 ? "0" : text.substring(dot + 1);
    if (major.length() > MAX_DIGITS || minor.length() > MAX_DIGITS) {
      throw badRequest("invalid API version " + text);
    }
    var majorNumber = Integer.parseInt(major);
    var version = new ApiVersion(Integer.parseInt(minor));
    if (majorNumber > 1 || (majorNumber == 1 && version.compareTo(MAX) > 0)) {
      throw badRequest(
          "client version " + text + " is too new. Maximum supported API version is " + MAX);
    }
    if (majorNumber < 1 || version.compareTo(MIN) < 0) {
      throw badRequest(
          "client version "
              + text
              + " is too old. Minimum supported API version is "
              + MIN
              + ", please upgrade your client to a newer version");
    }
    return version;
  }

  @Override
  public int compareTo(ApiVersion other) {
    return Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return "1." + minor;
  }
}
