package dev.skein.chaos.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.experiment.Quorum.Voter;
import dev.skein.chaos.host.HostNode;
import dev.skein.chaos.lab.Member;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class QuorumTest {

  /// Managers as a test wants them.
  static final class FakeSight implements Quorum.Sight {
    private final Map<String, Voter> voters = new LinkedHashMap<>();
    private boolean answers = true;

    FakeSight(String... names) {
      for (var name : names) {
        well(name, 100);
      }
    }

    void well(String name, long index) {
      voters.put(name, new Voter(name, "reachable", true, OptionalLong.of(index)));
    }

    void is(String name, String reachability) {
      voters.put(name, new Voter(name, reachability, true, OptionalLong.of(100)));
    }

    void silent(String name) {
      voters.put(name, new Voter(name, "reachable", true, OptionalLong.empty()));
    }

    void unasked(String name) {
      voters.put(name, new Voter(name, "reachable", false, OptionalLong.empty()));
    }

    @Override
    public List<Voter> voters(Set<String> silent) throws IOException {
      if (!answers) {
        throw new IOException("nobody is there");
      }
      return List.copyOf(voters.values());
    }
  }

  private long nanos;
  private final FakeSight sight = new FakeSight("m1", "m2", "m3");
  private final Quorum quorum = new Quorum(sight, true, () -> nanos);

  private static Member node(String name) {
    return new HostNode(name, name, "", name.startsWith("m"), Optional.empty());
  }

  private void assertTaken(String name) {
    assertThat(quorum.take(node(name), quorum.highest())).isEmpty();
  }

  private void assertRefused(String name, String... why) {
    assertThat(quorum.take(node(name), quorum.highest()))
        .hasValueSatisfying(text -> assertThat(text).contains(why));
  }

  @Test
  void oneOfThreeMayBeHurtAndASecondOneOnlyAfterIt() {
    assertTaken("m1");
    assertRefused("m2", "only 1 of 3 managers", "m1 is hurt by another step");
    // Two faults of one manager hurt one.
    assertTaken("m1");
    quorum.give(node("m1"));
    assertRefused("m2", "m1 is hurt by another step");
    quorum.give(node("m1"));
    assertTaken("m2");
  }

  @Test
  void aManagerThatWasDownBeforeCounts() {
    sight.is("m3", "unreachable");
    assertRefused("m1", "m3 is unreachable");
    // That one is hurt already.
    assertTaken("m3");
  }

  @Test
  void aManagerThatIsComingBackCountsUntilItAnswersAndHasCaughtUp() {
    sight.silent("m3");
    assertRefused("m1", "m3 does not answer");
    sight.well("m3", 99);
    assertRefused("m1", "m3 is still behind (at 99 of 100)");
    sight.is("m3", "unknown");
    assertRefused("m1", "m3 is unknown");
    sight.well("m3", 100);
    assertTaken("m1");
  }

  @Test
  void aManagerThatCantBeAskedCountsForAWhileAfterItsFault() {
    sight.unasked("m3");
    assertTaken("m3");
    quorum.give(node("m3"));
    assertRefused("m1", "m3 has only just come back");
    nanos += Duration.ofSeconds(5).toNanos();
    assertTaken("m1");
  }

  @Test
  void aDemotedManagerLeavesFewerThatCanBeLost() {
    assertTaken("m3");
    sight.voters.remove("m3");
    assertRefused("m1", "only 1 of 2 managers");
  }

  @Test
  void whereNobodyTellsNoManagerIsHurt() {
    sight.answers = false;
    assertRefused("m1", "nobody is there");
    assertTaken("w1");
  }

  @Test
  void workersAndWhoAllowsAMajorityAreNotKeptWaiting() {
    sight.is("m3", "unreachable");
    assertTaken("w1");
    var careless = new Quorum(sight, false, () -> nanos);
    assertThat(careless.take(node("m1"), careless.highest())).isEmpty();
  }
}
