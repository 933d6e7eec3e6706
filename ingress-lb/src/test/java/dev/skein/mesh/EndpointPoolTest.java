package dev.skein.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EndpointPoolTest {
  private static final long MILLI = 1_000_000;
  private static final Session ANOTHER = gone -> {};

  private final EndpointPool pool = new EndpointPool(10_000 * MILLI, 0);
  private final List<String> evicted = new ArrayList<>();
  private final Map<String, TaskLoad> loads = new HashMap<>();

  @Test
  void equalLoadIsSpreadExactly() {
    update(endpoints(3));
    var counts = new HashMap<String, Integer>();
    for (int i = 0; i < 300; i++) {
      counts.merge(choose(List.of(), 0).endpoint.taskId(), 1, Integer::sum);
    }
    assertThat(counts)
        .containsOnly(Map.entry("t0", 100), Map.entry("t1", 100), Map.entry("t2", 100));
  }

  @Test
  void connectionsThatEndAtOnceAreSpreadExactlyToo() {
    update(endpoints(3));
    var counts = new HashMap<String, Integer>();
    for (int i = 0; i < 6; i++) {
      var replica = choose(List.of(), 0);
      counts.merge(replica.endpoint.taskId(), 1, Integer::sum);
      pool.release(replica, replica.sessions.iterator().next());
    }
    assertThat(counts).containsOnly(Map.entry("t0", 2), Map.entry("t1", 2), Map.entry("t2", 2));
  }

  @Test
  void nodesStartTheirRotationAtDifferentReplicas() {
    var firsts =
        IntStream.range(1, 4)
            .mapToObj(
                node -> {
                  var other = new EndpointPool(MILLI, node);
                  other.update(endpoints(3), this::load);
                  return Objects.requireNonNull(other.acquire(ANOTHER, 0, List.of()))
                      .endpoint
                      .taskId();
                });
    assertThat(firsts).containsExactlyInAnyOrder("t0", "t1", "t2");
  }

  @Test
  void aBusierReplicaYieldsItsTurn() {
    update(endpoints(2));
    var first = choose(List.of(), 0);
    var second = choose(List.of(), 0);
    pool.release(second, second.sessions.iterator().next());
    // The turn is the first one's, which still has a connection.
    assertThat(choose(List.of(), 0)).isNotSameAs(first);
  }

  @Test
  void aReplicaThatStartsAnewIsNotFlooded() {
    update(endpoints(4));
    for (int i = 0; i < 400; i++) {
      choose(List.of(), 0);
    }
    update(endpoints(5));
    int toNew = 0;
    for (int i = 0; i < 50; i++) {
      if (choose(List.of(), 0).endpoint.taskId().equals("t4")) {
        toNew++;
      }
    }
    assertThat(toNew).isBetween(10, 20);
  }

  @Test
  void aFailingReplicaIsAvoidedForATimeThatGrowsToABound() {
    update(endpoints(2));
    var bad = choose(List.of(), 0);
    pool.failed(bad, 0);
    assertThat(chosen(4, 99 * MILLI)).doesNotContain(bad);
    assertThat(chosen(4, 101 * MILLI)).contains(bad);
    pool.failed(bad, 101 * MILLI);
    assertThat(chosen(4, 300 * MILLI)).doesNotContain(bad);
    for (int i = 0; i < 100; i++) {
      pool.failed(bad, 1_000 * MILLI);
    }
    assertThat(chosen(200, 10_999 * MILLI)).doesNotContain(bad);
    assertThat(chosen(200, 11_001 * MILLI)).contains(bad);
  }

  @Test
  void anAnswerEndsTheAvoidance() {
    update(endpoints(2));
    var bad = choose(List.of(), 0);
    pool.failed(bad, 0);
    pool.succeeded(bad);
    assertThat(chosen(2, 1)).contains(bad);
  }

  @Test
  void aFailingReplicaIsUsedWhenNothingElseIsLeft() {
    update(endpoints(2));
    var first = choose(List.of(), 0);
    var second = choose(List.of(first), 0);
    pool.failed(first, 0);
    pool.failed(second, 5);
    assertThat(choose(List.of(), 10)).isSameAs(first);
    assertThat(choose(List.of(first), 10)).isSameAs(second);
    assertThat(pool.acquire(ANOTHER, 10, List.of(first, second))).isNull();
  }

  @Test
  void aDrainingReplicaIsNotChosenAndARemovedOneLosesItsSessions() {
    update(endpoints(2));
    var both = chosen(2, 0);
    var first =
        both.stream().filter(r -> r.endpoint.taskId().equals("t0")).findFirst().orElseThrow();
    update(List.of(endpoint(0, Endpoint.State.DRAINING), endpoint(1, Endpoint.State.READY)));
    assertThat(chosen(4, 0)).doesNotContain(first);
    assertThat(pool.draining(first)).isTrue();
    assertThat(evicted).isEmpty();
    update(List.of(endpoint(1, Endpoint.State.READY)));
    assertThat(evicted).containsExactly("t0");
  }

  @Test
  void aTaskThatCameBackElsewhereIsAnotherReplica() {
    update(endpoints(1));
    choose(List.of(), 0);
    update(List.of(new Endpoint("t0", "127.0.0.9", 9, Endpoint.State.READY)));
    assertThat(evicted).containsExactly("t0");
    assertThat(choose(List.of(), 0).address.getPort()).isEqualTo(9);
  }

  private List<Replica> chosen(int count, long now) {
    return IntStream.range(0, count).mapToObj(i -> choose(List.of(), now)).toList();
  }

  private Replica choose(List<Replica> tried, long now) {
    // A new object each time, as each connection is.
    var session =
        new Session() {
          @Override
          public void evict(Replica gone) {
            evicted.add(gone.endpoint.taskId());
          }
        };
    return Objects.requireNonNull(pool.acquire(session, now, tried));
  }

  private void update(List<Endpoint> endpoints) {
    pool.update(endpoints, this::load);
  }

  private TaskLoad load(String task) {
    return loads.computeIfAbsent(task, id -> new TaskLoad(id, drained -> {}));
  }

  private static List<Endpoint> endpoints(int count) {
    return IntStream.range(0, count).mapToObj(i -> endpoint(i, Endpoint.State.READY)).toList();
  }

  private static Endpoint endpoint(int index, Endpoint.State state) {
    return new Endpoint("t" + index, "127.0.0.1", 1000 + index, state);
  }
}
