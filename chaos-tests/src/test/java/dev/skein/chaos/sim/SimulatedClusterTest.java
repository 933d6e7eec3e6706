package dev.skein.chaos.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SimulatedClusterTest {
  /// More are run by `./chaos-tests/simulate`.
  private static final int SEEDS = Integer.getInteger("skein.simulation.seeds", 1_000);

  /// A bug that no seed up to this one shows is not noticed.
  private static final int SEEDS_PER_MUTATION_MAX = 60;

  @Test
  void allInvariantsHoldWhateverHappensAndEveryClusterComesToRest() throws Exception {
    var failures = Simulate.failures(0, SEEDS);
    assertThat(failures.stream().map(Simulate.Failure::text)).isEmpty();
  }

  @Test
  void aSeedReplaysEveryCommitExactly() {
    assertThat(commits(5)).hasSizeGreaterThan(100).isEqualTo(commits(5));
  }

  private static List<String> commits(long seed) {
    var lines = new ArrayList<String>();
    var cluster = new SimulatedCluster(seed);
    cluster.trace(lines::add);
    cluster.run();
    return lines;
  }

  @ParameterizedTest
  @EnumSource
  void aKnownBugIsNoticed(Mutation mutation) {
    assertThat(firstNoticed(mutation))
        .as("the first seed that shows " + mutation)
        .isBetween(0, SEEDS_PER_MUTATION_MAX);
  }

  private static int firstNoticed(Mutation mutation) {
    for (var seed = 0; seed <= SEEDS_PER_MUTATION_MAX; seed++) {
      try {
        new SimulatedCluster(seed, mutation::planners).run();
      } catch (Violation noticed) {
        return seed;
      }
    }
    return -1;
  }
}
