package dev.skein.chaos.exercise;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.util.List;
import org.junit.jupiter.api.Test;

class WholeTest {

  private static JsonElement manager(String name, String state, String reachability) {
    return JsonParser.parseString(
        """
        {"Description": {"Hostname": "%s"}, "Spec": {"Role": "manager", "Availability": "active"},
         "Status": {"State": "%s"}, "ManagerStatus": {"Reachability": "%s"}}
        """
            .formatted(name, state, reachability));
  }

  private static JsonElement worker(String name, String state, String availability) {
    return JsonParser.parseString(
        """
        {"Description": {"Hostname": "%s"}, "Spec": {"Role": "worker", "Availability": "%s"},
         "Status": {"State": "%s"}}
        """
            .formatted(name, availability, state));
  }

  @Test
  void whatIsMissingIsToldForEachNode() {
    var nodes =
        List.of(
            manager("m1", "ready", "reachable"),
            manager("m2", "down", "unreachable"),
            worker("w1", "ready", "drain"));
    assertThat(Whole.away(nodes, List.of("m1", "m2", "w1", "w2"), 2))
        .containsExactly(
            "m2 is down", "w2 is no node of the cluster", "1 managers are reachable, 2 should be");
    assertThat(Whole.inactive(nodes))
        .containsExactly(
            "w1 gets no tasks (availability drain): skein node update --availability active w1");
  }

  @Test
  void aNodeThatHasJoinedAnewIsThereWhateverIsLeftOfItsFormerSelf() {
    var nodes =
        List.of(
            manager("m1", "ready", "reachable"),
            manager("m2", "down", "unreachable"),
            manager("m2", "ready", "reachable"));
    assertThat(Whole.away(nodes, List.of("m1", "m2"), 2)).isEmpty();
    assertThat(Whole.inactive(nodes)).isEmpty();
  }
}
