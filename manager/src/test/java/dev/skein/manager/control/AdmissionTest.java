package dev.skein.manager.control;

import static dev.skein.manager.control.Specs.host;
import static dev.skein.manager.control.Specs.ingress;
import static dev.skein.manager.control.Specs.manager;
import static dev.skein.manager.control.Specs.named;
import static dev.skein.manager.control.Specs.peer;
import static dev.skein.manager.control.Specs.publishing;
import static dev.skein.manager.control.Specs.spec;
import static dev.skein.manager.control.Specs.udp;
import static dev.skein.manager.control.Specs.worker;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.Endpoint;
import dev.skein.proto.v1.GlobalMode;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.RemoveNodeRequest;
import dev.skein.proto.v1.RemoveServiceRequest;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.UpdateClusterRequest;
import dev.skein.proto.v1.UpdateNodeRequest;
import dev.skein.proto.v1.UpdateServiceRequest;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.UpdateStatus;
import dev.skein.proto.v1.Version;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.InMemoryStore;
import dev.skein.state.ratis.PeerStatus;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  private final InMemoryStore store = new InMemoryStore();
  private final List<PeerStatus> peers = new ArrayList<>();
  private final Admission admission =
      new Admission(SpecLimits.DEFAULT, () -> peers, new SecureRandom());
  private int created;

  @BeforeEach
  void aClusterOfOneManager() {
    store.commit(
        ChangeSets.of(
            NOW,
            List.of(
                ChangeSets.create(Specs.cluster()), ChangeSets.create(manager("m1", "alpha")))));
    peers.add(peer("m1", true, true));
  }

  // ---- Services

  @Test
  void aServiceIsStoredAsWritten() {
    admit(create(Specs.web()));
    var service = service("web");
    assertThat(service.getSpec()).isEqualTo(Specs.web());
    assertThat(service.getSpecVersion()).isEqualTo(1);
    assertThat(service.hasPreviousSpec()).isFalse();
  }

  @Test
  void aTakenNameIsRefusedInAnyCase() {
    admit(create(Specs.web()));
    assertThat(refusal(create(named("WEB"))))
        .isEqualTo(
            "ALREADY_EXISTS name conflicts with an existing object: service web already exists");
  }

  @Test
  void anUpdateNeedsTheVersionItSaw() {
    admit(create(Specs.web()));
    var stale = Version.newBuilder().setIndex(1).build();
    assertThat(
            refusal(
                update(
                    UpdateServiceRequest.newBuilder()
                        .setRef("web")
                        .setVersion(stale)
                        .setSpec(Specs.web()))))
        .isEqualTo("ABORTED update out of sequence");
    admit(update(changed("web", Specs.web()).setVersion(service("web").getVersion())));
  }

  @Test
  void whatTheClusterNotedOfAServiceMakesNoUpdateStale() {
    admit(create(Specs.web()));
    var seen = service("web").getVersion();
    var noted =
        service("web").toBuilder()
            .setUpdateStatus(UpdateStatus.newBuilder().setMessage("noted"))
            .build();
    store.commit(ChangeSets.of(NOW, List.of(ChangeSets.update(noted))));
    admit(update(changed("web", replicas(2)).setVersion(seen)));
    assertThat(refusal(update(changed("web", replicas(3)).setVersion(seen))))
        .isEqualTo("ABORTED update out of sequence");
  }

  @Test
  void scalingKeepsTheRevision() {
    admit(create(Specs.web()));
    admit(update(changed("web", replicas(10))));
    var service = service("web");
    assertThat(service.getSpecVersion()).isEqualTo(1);
    assertThat(service.getRevisionsList()).isEmpty();
    assertThat(service.getPreviousSpec()).isEqualTo(Specs.web());
  }

  @Test
  void anotherTaskTemplateOrEndpointIsANewRevisionAndTheOldOneIsKept() {
    admit(create(Specs.web()));
    admit(update(changed("web", command("sleep", "200"))));
    var service = service("web");
    assertThat(service.getSpecVersion()).isEqualTo(2);
    assertThat(service.getPreviousSpecVersion()).isEqualTo(1);
    assertThat(service.getRevisionsList())
        .singleElement()
        .satisfies(
            revision -> {
              assertThat(revision.getVersion()).isEqualTo(1);
              assertThat(revision.getTask()).isEqualTo(Specs.web().getTaskTemplate());
            });
    admit(update(changed("web", publishing("web", ingress(8080, 80)))));
    assertThat(service("web").getSpecVersion()).isEqualTo(3);
    assertThat(service("web").getRevisionsCount()).isEqualTo(2);
  }

  @Test
  void aRollbackIsANewRevisionWithThePreviousSpec() {
    admit(create(Specs.web()));
    var rollback = UpdateServiceRequest.newBuilder().setRef("web").setRollback(true);
    assertThat(refusal(update(rollback)))
        .isEqualTo(
            "FAILED_PRECONDITION service web does not have a previous spec: there is nothing to"
                + " roll back to");
    admit(update(changed("web", command("sleep", "200"))));
    admit(update(rollback));
    var service = service("web");
    assertThat(service.getSpec()).isEqualTo(Specs.web());
    assertThat(service.getSpecVersion()).isEqualTo(3);
    assertThat(service.hasPreviousSpec()).isFalse();
    assertThat(service.getUpdateStatus().getState())
        .isEqualTo(UpdateState.UPDATE_STATE_ROLLBACK_STARTED);
    assertThat(service.getUpdateStatus().getStartedAt().getSeconds())
        .isEqualTo(NOW.getEpochSecond());
  }

  @Test
  void nameAndModeCannotChange() {
    admit(create(Specs.web()));
    assertThat(refusal(update(changed("web", named("other")))))
        .contains("renaming services is not supported");
    var global =
        Specs.web().toBuilder()
            .setMode(ServiceMode.newBuilder().setGlobal(GlobalMode.getDefaultInstance()))
            .build();
    assertThat(refusal(update(changed("web", global))))
        .contains("service mode change is not allowed: web is replicated and cannot become global");
  }

  private static ServiceSpec job(String name, long total) {
    var job = named(name).toBuilder();
    job.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(total);
    return job.build();
  }

  @Test
  void aReplicatedServiceAndAJobAreDifferentModesToo() {
    admit(create(Specs.web()));
    assertThat(refusal(update(changed("web", job("web", 3)))))
        .contains("web is replicated and cannot become replicated-job");
  }

  @Test
  void aJobRunsAnewWhenWhatItRunsChangesAndGoesOnWhenAnythingElseDoes() {
    admit(create(job("sum", 3)));
    assertThat(service("sum").getJobStatus().getJobIteration().getIndex()).isZero();
    assertThat(service("sum").getJobStatus().getLastExecution().getSeconds())
        .isEqualTo(NOW.getEpochSecond());
    admit(update(changed("sum", job("sum", 5))));
    admit(update(changed("sum", job("sum", 5).toBuilder().putLabels("team", "x").build())));
    assertThat(service("sum").getJobStatus().getJobIteration().getIndex()).isZero();
    var forced = job("sum", 5).toBuilder();
    forced.getTaskTemplateBuilder().setForceUpdate(1);
    admit(update(changed("sum", forced.build())));
    assertThat(service("sum").getJobStatus().getJobIteration().getIndex()).isEqualTo(1);
    admit(update(UpdateServiceRequest.newBuilder().setRef("sum").setRollback(true)));
    assertThat(service("sum").getJobStatus().getJobIteration().getIndex()).isEqualTo(2);
    assertThat(service("sum").hasUpdateStatus()).as("no update to watch").isFalse();
  }

  private static ServiceSpec canary(String argument) {
    var spec = Specs.web().toBuilder().setTaskTemplate(Specs.process("sleep", argument));
    spec.getUpdateConfigBuilder().setCanary(1);
    return spec.build();
  }

  private void updateState(UpdateState state) {
    var service = service("web").toBuilder();
    service.getUpdateStatusBuilder().setState(state);
    store.commit(ChangeSets.of(NOW, List.of(ChangeSets.update(service.build()))));
  }

  @Test
  void onlyAnUpdateThatHoldsAtItsCanariesIsPromotedAndOnlyOnce() {
    var promotion = UpdateServiceRequest.newBuilder().setRef("web").setPromote(true);
    admit(create(Specs.web()));
    assertThat(refusal(update(promotion)))
        .isEqualTo(
            "FAILED_PRECONDITION service web has no canaries to promote; update it with"
                + " --update-canary");
    admit(update(changed("web", canary("200"))));
    updateState(UpdateState.UPDATE_STATE_PAUSED);
    assertThat(refusal(update(promotion))).contains("its update is paused");
    updateState(UpdateState.UPDATE_STATE_CANARY);
    admit(update(promotion));
    assertThat(service("web").getUpdateStatus().getState())
        .isEqualTo(UpdateState.UPDATE_STATE_UPDATING);
    assertThat(service("web").getSpec()).isEqualTo(canary("200"));
    assertThat(refusal(update(promotion))).contains("has no canaries to promote");
  }

  @Test
  void whatIsChangedBesideAnUpdateUnderWayIsRolledBackWithIt() {
    admit(create(Specs.web()));
    admit(update(changed("web", canary("200"))));
    updateState(UpdateState.UPDATE_STATE_CANARY);
    admit(update(changed("web", canary("200").toBuilder().putLabels("team", "x").build())));
    assertThat(service("web").getPreviousSpec()).isEqualTo(Specs.web());
    updateState(UpdateState.UPDATE_STATE_COMPLETED);
    admit(update(changed("web", canary("200"))));
    assertThat(service("web").getPreviousSpec().getLabelsMap()).containsEntry("team", "x");
  }

  @Test
  void theTimeOfADrainRunsFromWhenItWasAskedFor() {
    var spec = spec(NodeRole.NODE_ROLE_MANAGER).toBuilder();
    admit(node("m1", spec.setAvailability(NodeAvailability.NODE_AVAILABILITY_DRAIN).build()));
    assertThat(drainStartedAt()).isEqualTo(NOW.getEpochSecond());
    admit(node("m1", spec.putLabels("a", "b").build()));
    assertThat(drainStartedAt()).isEqualTo(NOW.getEpochSecond());
    admit(node("m1", spec.setAvailability(NodeAvailability.NODE_AVAILABILITY_ACTIVE).build()));
    assertThat(drainStartedAt()).isZero();
    assertThat(
            refusal(
                node("m1", spec.setDrainDeadline(Duration.newBuilder().setSeconds(-1)).build())))
        .contains("drain-deadline cannot be negative");
  }

  private long drainStartedAt() {
    return Objects.requireNonNull(state().node("m1")).getDrainStartedAt().getSeconds();
  }

  @Test
  void aRemovedServiceIsGoneForUsersAndItsNameIsFreeAtOnce() {
    admit(create(Specs.web()));
    var id = service("web").getId();
    admit(remove("web"));
    assertThat(Objects.requireNonNull(state().service(id)).getPendingDelete()).isTrue();
    assertThat(refusal(remove("web"))).isEqualTo("NOT_FOUND service web not found");
    assertThat(refusal(remove(id))).isEqualTo("NOT_FOUND service " + id + " not found");
    admit(create(Specs.web()));
  }

  @Test
  void aServiceIsFoundByNameOrByAPrefixOfItsIdThatIsItsAlone() {
    admit(create(named("one")));
    admit(create(named("two")));
    assertThat(refusal(remove("service-")))
        .isEqualTo("INVALID_ARGUMENT service service- is ambiguous (2 matches found): use its id");
    assertThat(refusal(remove(""))).contains("no service was named");
    admit(remove("service-2"));
    assertThat(state().serviceByName("two")).isNull();
  }

  @Test
  void anIngressPortIsOneServicesOnly() {
    admit(create(publishing("web", ingress(8080, 80))));
    assertThat(refusal(create(publishing("b", ingress(8080, 80)))))
        .isEqualTo(
            "INVALID_ARGUMENT port '8080' is already in use by service 'web' (service-1) as an"
                + " ingress port: publish another one");
    assertThat(refusal(create(publishing("b", host(8080, 80))))).contains("as an ingress port");
    admit(create(publishing("b", udp(ingress(8080, 80)))));
    admit(update(changed("web", publishing("web", ingress(8080, 81)))));
    admit(remove("web"));
    admit(create(publishing("c", ingress(8080, 80))));
  }

  @Test
  void aHostPortMayBeSeveralServices() {
    admit(create(publishing("a", host(8080, 80))));
    admit(create(publishing("b", host(8080, 80))));
    assertThat(refusal(create(publishing("c", ingress(8080, 80)))))
        .contains("as a host-published port");
  }

  @Test
  void aPortThatWasChosenForAServiceIsTaken() {
    admit(create(publishing("a", ingress(0, 80))));
    var service = service("a");
    store.commit(
        ChangeSets.of(
            NOW,
            List.of(
                ChangeSets.update(
                    service.toBuilder()
                        .setEndpoint(Endpoint.newBuilder().addPorts(ingress(30_000, 80)))
                        .build()))));
    assertThat(refusal(create(publishing("b", ingress(30_000, 80))))).contains("'30000'");
  }

  // ---- Nodes

  @Test
  void theLastManagerCannotBeDemoted() {
    assertThat(refusal(node("alpha", spec(NodeRole.NODE_ROLE_WORKER))))
        .isEqualTo(
            "FAILED_PRECONDITION attempting to demote the last manager of the swarm: promote"
                + " another node first");
  }

  @Test
  void aDemotionThatWouldLoseTheQuorumIsRefused() {
    addManager("m2", "beta", true);
    addManager("m3", "gamma", false);
    assertThat(refusal(node("beta", spec(NodeRole.NODE_ROLE_WORKER))))
        .contains("would result in a loss of quorum: only 1 of the other 2 managers");
    admit(node("gamma", spec(NodeRole.NODE_ROLE_WORKER)));
    assertThat(Objects.requireNonNull(state().node("m3")).getSpec().getRole())
        .isEqualTo(NodeRole.NODE_ROLE_WORKER);
  }

  @Test
  void aNodesSpecNeedsARoleAndAnAvailability() {
    assertThat(refusal(node("alpha", NodeSpec.getDefaultInstance())))
        .contains("invalid role 0: use worker or manager");
    assertThat(
            refusal(
                node("alpha", NodeSpec.newBuilder().setRole(NodeRole.NODE_ROLE_MANAGER).build())))
        .contains("invalid availability 0: use active, pause or drain");
  }

  @Test
  void aHostnameThatTwoNodesHaveIsAmbiguous() {
    addNode(worker("w1", "twin"));
    addNode(worker("w2", "twin"));
    assertThat(refusal(node("twin", spec(NodeRole.NODE_ROLE_WORKER))))
        .contains("node twin is ambiguous (2 matches found)");
    admit(node("w1", spec(NodeRole.NODE_ROLE_WORKER)));
  }

  @Test
  void onlyWorkersThatAreDownAreRemovedUnlessForced() {
    addNode(worker("w1", "up"));
    addNode(
        worker("w2", "down").toBuilder()
            .setStatus(NodeStatus.newBuilder().setState(NodeState.NODE_STATE_DOWN))
            .build());
    assertThat(refusal(removeNode("alpha", true)))
        .contains("node m1 is a cluster manager and is a member of the raft cluster");
    assertThat(refusal(removeNode("up", false)))
        .contains("node w1 is not down and can't be removed");
    admit(removeNode("down", false));
    admit(removeNode("up", true));
    assertThat(state().nodes().size()).isEqualTo(1);
  }

  // ---- Cluster

  @Test
  void tokensRotateOneByOne() {
    var before = Objects.requireNonNull(state().cluster()).getJoinTokens();
    admit(
        new Mutation.UpdateCluster(
            UpdateClusterRequest.newBuilder().setRotateWorkerToken(true).build()));
    var after = Objects.requireNonNull(state().cluster()).getJoinTokens();
    assertThat(after.getWorker())
        .isNotEqualTo(before.getWorker())
        .startsWith("SWMTKN-1-" + Specs.DIGEST);
    assertThat(after.getManager()).isEqualTo(before.getManager());
  }

  @Test
  void theClustersSpecHasLimits() {
    assertThat(refusal(cluster(expiry(3_599)))).contains("certificate expiry of 59m59s");
    admit(cluster(expiry(3_600)));
    var negative = ClusterSpec.newBuilder();
    negative.getDispatcherBuilder().setHeartbeatPeriod(Duration.newBuilder().setSeconds(-1));
    assertThat(refusal(cluster(negative.build()))).contains("heartbeat period cannot be negative");
  }

  // ---- The world

  private static ClusterSpec expiry(long seconds) {
    var spec = ClusterSpec.newBuilder();
    spec.getCaConfigBuilder().setNodeCertExpiry(Duration.newBuilder().setSeconds(seconds));
    return spec.build();
  }

  private ClusterState state() {
    return store.state();
  }

  private Service service(String name) {
    return Objects.requireNonNull(state().serviceByName(name));
  }

  private Mutation create(ServiceSpec spec) {
    return new Mutation.CreateService(
        CreateServiceRequest.newBuilder().setSpec(spec).build(), "service-" + ++created, NOW);
  }

  private static Mutation update(UpdateServiceRequest.Builder request) {
    return new Mutation.UpdateService(request.build(), NOW);
  }

  private static UpdateServiceRequest.Builder changed(String ref, ServiceSpec spec) {
    return UpdateServiceRequest.newBuilder().setRef(ref).setSpec(spec);
  }

  private static Mutation remove(String ref) {
    return new Mutation.RemoveService(RemoveServiceRequest.newBuilder().setRef(ref).build());
  }

  private static Mutation node(String ref, NodeSpec spec) {
    return new Mutation.UpdateNode(
        UpdateNodeRequest.newBuilder().setRef(ref).setSpec(spec).build(), NOW);
  }

  private static Mutation removeNode(String ref, boolean force) {
    return new Mutation.RemoveNode(
        RemoveNodeRequest.newBuilder().setRef(ref).setForce(force).build());
  }

  private static Mutation cluster(ClusterSpec spec) {
    return new Mutation.UpdateCluster(UpdateClusterRequest.newBuilder().setSpec(spec).build());
  }

  private static ServiceSpec replicas(long replicas) {
    var spec = Specs.web().toBuilder();
    spec.getModeBuilder().getReplicatedBuilder().setReplicas(replicas);
    return spec.build();
  }

  private static ServiceSpec command(String... command) {
    return Specs.web().toBuilder().setTaskTemplate(Specs.process(command)).build();
  }

  private void addNode(Node node) {
    store.commit(ChangeSets.of(NOW, List.of(ChangeSets.create(node))));
  }

  private void addManager(String id, String hostname, boolean reachable) {
    addNode(manager(id, hostname));
    peers.add(peer(id, false, reachable));
  }

  private void admit(Mutation mutation) {
    try {
      store.commit(ChangeSets.of(NOW, admission.admit(state(), mutation).changes()));
    } catch (Rejection rejection) {
      throw new AssertionError(rejection);
    }
  }

  private String refusal(Mutation mutation) {
    try {
      admission.admit(state(), mutation);
      return "accepted";
    } catch (Rejection rejection) {
      return rejection.code() + " " + rejection.getMessage();
    }
  }
}
