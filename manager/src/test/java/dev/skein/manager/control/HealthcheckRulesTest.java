package dev.skein.manager.control;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Duration;
import dev.skein.proto.v1.EndpointSpec;
import dev.skein.proto.v1.Healthcheck;
import dev.skein.proto.v1.PortConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HealthcheckRulesTest {
  private static final EndpointSpec PUBLISHED =
      EndpointSpec.newBuilder().addPorts(PortConfig.newBuilder().setTargetPort(80)).build();
  private static final EndpointSpec NOTHING = EndpointSpec.getDefaultInstance();

  private static Healthcheck.Builder test(String words) {
    return Healthcheck.newBuilder().addAllTest(List.of(words.split(" ", -1)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "NONE",
        "CMD /bin/check -v",
        "CMD-SHELL check",
        "HTTP /health",
        "HTTP /health?a=b 8080",
        "TCP",
        "TCP 65535"
      })
  void theseTestsAreTaken(String words) throws Rejection {
    HealthcheckRules.check(test(words).build(), PUBLISHED);
  }

  @Test
  void noCheckAtAllIsTaken() throws Rejection {
    HealthcheckRules.check(Healthcheck.getDefaultInstance(), NOTHING);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "GRPC x; unknown kind of test 'GRPC'",
        "CMD; takes 1 to 1024 words, got 0",
        "CMD-SHELL a b; takes 1 words, got 2",
        "NONE x; takes 0 words",
        "HTTP health; invalid path 'health'",
        "HTTP /a 0; invalid port '0'",
        "HTTP /a 80 x; takes 1 to 2 words",
        "TCP web; invalid port 'web'",
        "TCP 65536; invalid port '65536'",
      })
  void otherTestsAreRefusedWithTheOffendingValue(String words, String message) {
    assertThatThrownBy(() -> HealthcheckRules.check(test(words).build(), PUBLISHED))
        .hasMessageContaining(message);
  }

  @Test
  void aProbeWithoutAPortNeedsOneOfTheService() {
    for (var words : List.of("TCP", "HTTP /health")) {
      assertThatThrownBy(() -> HealthcheckRules.check(test(words).build(), NOTHING))
          .hasMessageContaining("names no port and the service has none");
    }
  }

  @Test
  void timesAndRetriesHaveBounds() throws Rejection {
    var least = Duration.newBuilder().setNanos(100_000_000).build();
    HealthcheckRules.check(
        test("TCP").setInterval(least).setTimeout(least).setRetries(1_000).build(), PUBLISHED);
    var less = Duration.newBuilder().setNanos(99_999_999).build();
    assertThatThrownBy(
            () -> HealthcheckRules.check(test("TCP").setInterval(less).build(), PUBLISHED))
        .hasMessageContaining("health-interval");
    assertThatThrownBy(
            () -> HealthcheckRules.check(test("TCP").setTimeout(less).build(), PUBLISHED))
        .hasMessageContaining("health-timeout");
    assertThatThrownBy(
            () -> HealthcheckRules.check(test("TCP").setRetries(1_001).build(), PUBLISHED))
        .hasMessageContaining("health-retries 1001");
    assertThatThrownBy(() -> HealthcheckRules.check(test("TCP").setRetries(-1).build(), PUBLISHED))
        .hasMessageContaining("health-retries -1");
  }

  @Test
  void timesWithoutATestAreRefused() {
    assertThatThrownBy(
            () -> HealthcheckRules.check(Healthcheck.newBuilder().setRetries(2).build(), PUBLISHED))
        .hasMessageContaining("there is no test to make");
  }
}
