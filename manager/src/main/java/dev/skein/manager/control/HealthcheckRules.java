package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;

import dev.skein.proto.v1.EndpointSpec;
import dev.skein.proto.v1.Healthcheck;
import java.util.List;
import java.util.regex.Pattern;

/// What a health check must look like.
final class HealthcheckRules {
  private static final String KINDS = "CMD, CMD-SHELL, HTTP, TCP or NONE";
  private static final Pattern PATH = Pattern.compile("/[!-~]{0,2047}");
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
  private static final int PORT_MAX = 65_535;

  private HealthcheckRules() {}

  /// @param endpoint the service's ports: a probe without a port takes the first
  /// @throws Rejection naming the first thing that is wrong
  static void check(Healthcheck check, EndpointSpec endpoint) throws Rejection {
    Durations.checkZeroOrAtLeast("health-interval", check.getInterval(), SpecLimits.PROBE_MIN);
    Durations.checkZeroOrAtLeast("health-timeout", check.getTimeout(), SpecLimits.PROBE_MIN);
    Durations.checkZeroOrAtLeast(
        "health-start-interval", check.getStartInterval(), SpecLimits.PROBE_MIN);
    Durations.check("health-start-period", true, check.getStartPeriod());
    if (check.getRetries() < 0 || check.getRetries() > SpecLimits.PROBE_RETRIES) {
      throw invalid(
          "health-retries %d must be between 0 (for the default of 3) and %d",
          check.getRetries(), SpecLimits.PROBE_RETRIES);
    }
    if (check.getTestCount() == 0) {
      if (!check.equals(Healthcheck.getDefaultInstance())) {
        throw invalid("Healthcheck: there is no test to make: give one of %s", KINDS);
      }
      return;
    }
    checkTest(check.getTest(0), check.getTestList().subList(1, check.getTestCount()), endpoint);
  }

  private static void checkTest(String kind, List<String> words, EndpointSpec endpoint)
      throws Rejection {
    switch (kind) {
      case "NONE" -> requireCount(kind, words, 0, 0);
      case "CMD" -> requireCommand(kind, words, SpecLimits.ARGUMENTS);
      case "CMD-SHELL" -> requireCommand(kind, words, 1);
      case "HTTP" -> {
        requireCount(kind, words, 1, 2);
        if (!PATH.matcher(words.getFirst()).matches()) {
          throw invalid(
              "Healthcheck: invalid path '%s': must begin with / and have no blanks",
              words.getFirst());
        }
        checkPort(words.subList(1, words.size()), endpoint);
      }
      case "TCP" -> {
        requireCount(kind, words, 0, 1);
        checkPort(words, endpoint);
      }
      default -> throw invalid("Healthcheck: unknown kind of test '%s': use %s", kind, KINDS);
    }
  }

  private static void requireCommand(String kind, List<String> words, int most) throws Rejection {
    requireCount(kind, words, 1, most);
    if (words.getFirst().isBlank()) {
      throw invalid("Healthcheck: the command of the test %s is empty", kind);
    }
    for (var word : words) {
      if (word.indexOf(0) >= 0) {
        throw invalid("Healthcheck: the command of the test %s holds a zero byte", kind);
      }
    }
  }

  private static void requireCount(String kind, List<String> words, int least, int most)
      throws Rejection {
    if (words.size() < least || words.size() > most) {
      throw invalid(
          "Healthcheck: the test %s takes %s words, got %d: %s",
          kind, least == most ? least : least + " to " + most, words.size(), words);
    }
  }

  private static void checkPort(List<String> words, EndpointSpec endpoint) throws Rejection {
    if (words.isEmpty()) {
      if (endpoint.getPortsCount() == 0) {
        throw invalid(
            "Healthcheck: the test names no port and the service has none: publish one or name it,"
                + " as in --health-http 8080/health");
      }
      return;
    }
    var port = words.getFirst();
    if (!PORT.matcher(port).matches()
        || Integer.parseInt(port) < 1
        || Integer.parseInt(port) > PORT_MAX) {
      throw invalid("Healthcheck: invalid port '%s': must be between 1 and %d", port, PORT_MAX);
    }
  }
}
