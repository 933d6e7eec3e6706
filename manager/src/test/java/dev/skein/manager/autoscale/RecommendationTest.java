package dev.skein.manager.autoscale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.Autoscale;
import org.junit.jupiter.api.Test;

class RecommendationTest {
  private static final Autoscale CONNECTIONS =
      Autoscale.newBuilder().setMin(2).setMax(20).setTargetConnections(10).build();
  private static final Autoscale CPU =
      Autoscale.newBuilder().setMin(1).setMax(20).setTargetCpu(50).build();
  private static final Autoscale TO_ZERO = CONNECTIONS.toBuilder().setMin(0).build();

  private static Demand connections(double count) {
    return new Demand(3, 3, 0, count, 0, false, true);
  }

  private static Demand cpu(int running, int measured, double cpu) {
    return new Demand(running, measured, cpu, 0, 0, false, true);
  }

  private static long recommended(Autoscale spec, long present, Demand demand) {
    var recommendation = Recommendation.of(spec, present, demand);
    assertThat(recommendation).isNotNull();
    return recommendation == null ? -1 : recommendation.replicas();
  }

  @Test
  void theLoadDividedByTheTargetIsTheNumberOfReplicas() {
    assertThat(recommended(CONNECTIONS, 4, connections(75))).isEqualTo(8);
    assertThat(recommended(CONNECTIONS, 10, connections(51))).isEqualTo(6);
    assertThat(recommended(CPU, 3, cpu(3, 3, 201))).isEqualTo(5);
  }

  @Test
  void whatIsNearItsTargetStays() {
    assertThat(recommended(CONNECTIONS, 10, connections(109))).isEqualTo(10);
    assertThat(recommended(CONNECTIONS, 10, connections(91))).isEqualTo(10);
  }

  @Test
  void theBoundsHold() {
    assertThat(recommended(CONNECTIONS, 15, connections(1_000_000))).isEqualTo(20);
    assertThat(recommended(CONNECTIONS, 15, connections(0))).isEqualTo(2);
  }

  @Test
  void atOnceAServiceAtMostDoublesOrGetsFourMore() {
    assertThat(recommended(CONNECTIONS, 2, connections(1_000))).isEqualTo(6);
    assertThat(recommended(CONNECTIONS, 8, connections(1_000))).isEqualTo(16);
  }

  @Test
  void replicasThatWereNotMeasuredCountForNeitherMoreNorFewer() {
    // Two of four are measured at 60 %: with the others at nothing that is enough, with the others
    // at their target it is not too much.
    assertThat(recommended(CPU, 4, cpu(4, 2, 120))).isEqualTo(4);
    assertThat(recommended(CPU, 4, cpu(4, 2, 20))).isEqualTo(3);
    assertThat(Recommendation.of(CPU, 4, cpu(4, 0, 0))).isNull();
  }

  @Test
  void whileNodesDoNotReportThereAreNoFewer() {
    var partly = new Demand(4, 4, 0, 5, 0, false, false);
    assertThat(recommended(CONNECTIONS, 4, partly)).isEqualTo(4);
    assertThat(recommended(TO_ZERO, 4, new Demand(4, 4, 0, 0, 0, false, false))).isEqualTo(4);
  }

  @Test
  void whatNobodyUsesGoesToZeroOnlyWhereTheMinimumIsZero() {
    assertThat(recommended(TO_ZERO, 3, connections(0))).isZero();
    assertThat(recommended(CONNECTIONS, 3, connections(0))).isEqualTo(2);
    assertThat(recommended(TO_ZERO, 3, connections(1))).isEqualTo(1);
  }

  @Test
  void aClientThatWaitsBringsAServiceBackFromZero() {
    var nobody = new Demand(0, 0, 0, 0, 0, false, true);
    var waiting = new Demand(0, 0, 0, 0, 0, true, false);
    assertThat(recommended(TO_ZERO, 0, nobody)).isZero();
    assertThat(recommended(TO_ZERO, 0, waiting)).isEqualTo(1);
  }

  @Test
  void theReasonNamesLoadAndTarget() {
    var recommendation = Recommendation.of(CONNECTIONS, 2, connections(45));
    assertThat(recommendation).isNotNull();
    assertThat(recommendation == null ? "" : recommendation.why())
        .isEqualTo("45 connections open, 10 wanted for each replica");
  }
}
