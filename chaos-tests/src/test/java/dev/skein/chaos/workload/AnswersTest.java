package dev.skein.chaos.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Outcome;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.UnreachableException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswersTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          WRITE           | 404 | service wl-1 not found                          | REFUSED
          WRITE           | 404 | page not found                                  | UNKNOWN
          CREATE          | 409 | name conflicts with an existing object          | REFUSED
          COMPARE_AND_SET | 500 | rpc error: desc = update out of sequence        | REFUSED
          REMOVE          | 500 | rpc error: desc = update out of sequence        | NOT_DONE
          WRITE           | 500 | internal error, see the daemon's log            | UNKNOWN
          CREATE          | 400 | invalid name                                    | NOT_DONE
          WRITE           | 503 | The swarm does not have a leader. It's possible | NOT_DONE
          WRITE           | 503 | This node is joining or starting its part of a  | NOT_DONE
          WRITE           | 503 | no quorum of managers answered in time          | UNKNOWN
          WRITE           | 503 | leadership was lost; it may still take effect   | UNKNOWN
          WRITE           | 503 | the connection to the leader was lost; whether  | UNKNOWN
          WRITE           | 503 | the daemon is shutting down                     | UNKNOWN
          """)
  void onlyWhatSurelyHadNoEffectIsNotUnknown(Kind kind, int status, String words, Outcome outcome) {
    assertThat(Answers.outcome(kind, new ApiException(status, words))).isEqualTo(outcome);
  }

  @Test
  void aRequestThatWasNeverSentIsNotDone() {
    assertThat(Answers.outcome(Kind.WRITE, new UnreachableException("no daemon", null, false)))
        .isEqualTo(Outcome.NOT_DONE);
    assertThat(Answers.outcome(Kind.WRITE, new UnreachableException("it broke", null)))
        .isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void noKeyHasMoreClientsThanTheSearchBears() {
    var settings = new WorkloadSettings(1, 20, 50, "wl-", 1, Duration.ZERO);
    Map<String, Set<Integer>> clients = new HashMap<>();
    for (var client = 0; client < settings.clients(); client++) {
      for (var drawn = 0; drawn < settings.keys(); drawn++) {
        clients.computeIfAbsent(settings.keyFor(client, drawn), _ -> new HashSet<>()).add(client);
      }
    }
    assertThat(clients).hasSize(50);
    assertThat(clients.values())
        .allSatisfy(
            sharing ->
                assertThat(sharing).hasSizeLessThanOrEqualTo(WorkloadSettings.CLIENTS_PER_KEY_MAX));
  }

  @Test
  void settingsBeyondTheirLimitsAreRefused() {
    assertThatThrownBy(() -> new WorkloadSettings(1, 0, 50, "wl-", 1, Duration.ZERO))
        .hasMessageContaining("not 0 and 50");
    assertThatThrownBy(() -> new WorkloadSettings(1, 20, 2, "wl-", 1, Duration.ZERO))
        .hasMessageContaining("not 20 and 2");
  }
}
