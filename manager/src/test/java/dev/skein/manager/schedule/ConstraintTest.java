package dev.skein.manager.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skein.proto.v1.EngineDescription;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.Platform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConstraintTest {
  private static final Node NODE =
      Node.newBuilder()
          .setId("n1")
          .setRole(NodeRole.NODE_ROLE_MANAGER)
          .setSpec(NodeSpec.newBuilder().putLabels("zone", "East"))
          .setStatus(NodeStatus.newBuilder().setAddr("10.1.2.3"))
          .setDescription(
              NodeDescription.newBuilder()
                  .setHostname("Alpha")
                  .setPlatform(Platform.newBuilder().setOs("linux").setArchitecture("x86_64"))
                  .setEngine(EngineDescription.newBuilder().putLabels("disk", "ssd")))
          .build();

  @ParameterizedTest
  @CsvSource({
    "node.id==n1, true",
    "node.id==n2, false",
    "node.id!=n2, true",
    "node.hostname == alpha, true",
    "NODE.HOSTNAME==beta, false",
    "node.role==manager, true",
    "node.role!=manager, false",
    "node.platform.os==Linux, true",
    "node.platform.arch!=aarch64, true",
    "node.labels.zone==east, true",
    "node.labels.Zone==east, false",
    "node.labels.absent==east, false",
    "node.labels.absent!=east, true",
    "engine.labels.disk==ssd, true",
    "engine.labels.disk!=ssd, false",
    "node.ip==10.1.2.3, true",
    "node.ip==10.1.0.0/16, true",
    "node.ip==10.2.0.0/16, false",
    "node.ip!=10.1.2.0/31, true",
    "node.ip==0.0.0.0/0, true",
    "node.ip==fd00::/8, false",
  })
  void aNodeSatisfiesAConstraintOrNot(String constraint, boolean satisfied) throws Exception {
    assertThat(Constraint.parse(constraint).isSatisfiedBy(NODE)).isEqualTo(satisfied);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "node.labels.zone in (west, east); true",
        "node.labels.zone IN(east); true",
        "node.labels.zone in (west,north); false",
        "node.labels.zone notin (west, north); true",
        "node.labels.zone notin ( east ,west); false",
        "node.labels.absent in (east); false",
        "node.labels.absent notin (east); true",
        "node.labels.in==x; false",
        "node.hostname in (alpha, beta); true",
        "node.role notin (worker); true",
        "node.ip in (10.9.0.0/16, 10.1.2.3); true",
        "node.ip notin (10.9.0.0/16, 10.1.0.0/16); false",
      })
  void aNodeIsInASetOrNot(String constraint, boolean satisfied) throws Exception {
    assertThat(Constraint.parse(constraint).isSatisfiedBy(NODE)).isEqualTo(satisfied);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "node.id; no operator; 8",
        "node.id=n1; unknown operator '='; 8",
        "==n1; no key; 1",
        "node.id==; no value; 10",
        "node.colour==red; unknown key 'node.colour'; 1",
        "node.labels.==red; invalid label name ''; 13",
        "node.role==boss; unknown role 'boss'; 12",
        "node.ip==10.1.2; invalid address '10.1.2'; 10",
        "node.ip==10.1.2.0/33; invalid prefix length '33'; 19",
        "node.ip==example.org; invalid address 'example.org'; 10",
        "node.id==a\"b; invalid value; 10",
        "node.id in; no '(' after the operator; 11",
        "node.id in a,b; no '(' after the operator; 12",
        "node.id in (a,b; no ')' at the end; 16",
        "node.id in (a,,b); empty value in the set; 15",
        "node.id in (); empty value in the set; 13",
        "node.id notin (a) b; goes on after the set with 'b'; 19",
        "node.id in (a,(b)); '(' within the set; 15",
        "node.role in (worker, boss); unknown role 'boss'; 23",
        "node.ip in (10.1.2.3, 10.1); invalid address '10.1'; 23",
        "node.colour in (red); unknown key 'node.colour'; 1",
      })
  void aMalformedConstraintIsRefusedPointingAtTheOffendingPart(
      String constraint, String problem, int column) {
    var refusal =
        catchThrowableOfType(ConstraintException.class, () -> Constraint.parse(constraint));
    assertThat(refusal).hasMessageContaining(problem).hasMessageContaining("'" + constraint + "'");
    assertThat(refusal.column()).isEqualTo(column);
  }

  @Test
  void aConstraintOverTheLengthLimitIsRefused() throws Exception {
    var prefix = "node.id==";
    var longest = prefix + "x".repeat(Constraint.LENGTH_MAX - prefix.length());
    assertThat(Constraint.parse(longest).isSatisfiedBy(NODE)).isFalse();
    assertThat(
            catchThrowableOfType(ConstraintException.class, () -> Constraint.parse(longest + "x")))
        .hasMessageContaining("longer than");
  }
}
