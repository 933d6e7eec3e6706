package dev.skein.manager.control;

import static dev.skein.manager.control.Specs.manager;
import static dev.skein.manager.control.Specs.peer;
import static dev.skein.manager.control.Specs.worker;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.stats.ClusterStats;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.EventsRequest;
import dev.skein.proto.v1.GetRequest;
import dev.skein.proto.v1.LeadNodeRequest;
import dev.skein.proto.v1.ListRequest;
import dev.skein.proto.v1.LogsRequest;
import dev.skein.proto.v1.LogsResponse;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Reachability;
import dev.skein.proto.v1.RemoveServiceRequest;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.UpdateClusterRequest;
import dev.skein.proto.v1.UpdateServiceRequest;
import dev.skein.proto.v1.Version;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.ClusterStore;
import dev.skein.state.IdSource;
import dev.skein.state.InMemoryStore;
import dev.skein.state.StoreException;
import dev.skein.state.Times;
import dev.skein.state.Watch;
import dev.skein.state.ratis.PeerStatus;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ControlServiceTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final List<PeerStatus> PEERS = List.of(peer("m1", true, true));

  private final RacyStore store = new RacyStore();
  private final List<String> successors = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final EventLog events = new EventLog(store, InstantSource.fixed(NOW));
  private @Nullable Server server;
  private @Nullable ManagedChannel channel;

  /// A store on which others act between a decision and its proposal, or which fails.
  private static final class RacyStore implements ClusterStore {
    private final InMemoryStore store = new InMemoryStore();
    private final ArrayDeque<Runnable> beforeProposals = new ArrayDeque<>();
    private @Nullable StoreException failure;

    @Override
    public ClusterState state() {
      return store.state();
    }

    @Override
    public CompletableFuture<Long> propose(ChangeSet set) {
      if (failure != null) {
        return CompletableFuture.failedFuture(failure);
      }
      var other = beforeProposals.poll();
      if (other != null) {
        other.run();
      }
      return store.propose(set);
    }

    @Override
    public CompletableFuture<ClusterState> read() {
      return failure == null ? store.read() : CompletableFuture.failedFuture(failure);
    }

    @Override
    public Watch watch(Runnable available) {
      return store.watch(available);
    }
  }

  @BeforeEach
  void serve() throws IOException {
    store.store.commit(
        ChangeSets.of(
            NOW,
            List.of(
                ChangeSets.create(Specs.cluster()),
                ChangeSets.create(manager("m1", "alpha")),
                ChangeSets.create(worker("w1", "beta")))));
    var random = new SecureRandom();
    var service =
        new ControlService(
            store,
            new Mutations(
                store,
                new Admission(SpecLimits.DEFAULT, () -> PEERS, random),
                InstantSource.fixed(NOW)),
            () -> PEERS,
            nodeId -> {
              successors.add(nodeId);
              return CompletableFuture.allOf();
            },
            events,
            (request, observer) -> {
              observer.onNext(LogsResponse.newBuilder().setWarning(request.getRef()).build());
              observer.onCompleted();
            },
            new ClusterStats(InstantSource.fixed(NOW)),
            new IdSource(random),
            InstantSource.fixed(NOW),
            threads);
    var name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name).executor(threads).addService(service).build().start();
    channel = InProcessChannelBuilder.forName(name).executor(threads).build();
  }

  @AfterEach
  void stop() throws InterruptedException {
    events.close();
    Objects.requireNonNull(channel).shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    Objects.requireNonNull(server).shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    threads.close();
  }

  @Test
  void aServiceIsCreatedFoundUpdatedAndRemoved() throws Exception {
    var id = create();
    assertThat(id).hasSize(IdSource.LENGTH);
    var service = get(ObjectKind.OBJECT_KIND_SERVICE, "web").getService();
    assertThat(service.getId()).isEqualTo(id);
    assertThat(service.getCreatedAt()).isEqualTo(Times.timestamp(NOW));
    var version =
        control()
            .updateService(
                UpdateServiceRequest.newBuilder()
                    .setRef(id)
                    .setVersion(service.getVersion())
                    .setSpec(Specs.web().toBuilder().putLabels("a", "b"))
                    .build())
            .getVersion();
    assertThat(get(ObjectKind.OBJECT_KIND_SERVICE, id).getService().getVersion())
        .isEqualTo(version);
    control().removeService(RemoveServiceRequest.newBuilder().setRef("web").build());
    assertThat(failure(() -> get(ObjectKind.OBJECT_KIND_SERVICE, id)))
        .isEqualTo("NOT_FOUND service " + id + " not found");
  }

  @Test
  void whoWantsSomethingWhateverTheVersionIsNotToldOfConflicts() throws Exception {
    create();
    store.beforeProposals.add(this::touchWeb);
    store.beforeProposals.add(this::touchWeb);
    control().removeService(RemoveServiceRequest.newBuilder().setRef("web").build());
    assertThat(store.state().serviceByName("web")).isNull();
  }

  @Test
  void whoGaveAVersionIsToldThatItIsOutOfSequence() throws Exception {
    create();
    var seen = Objects.requireNonNull(store.state().serviceByName("web")).getVersion();
    store.beforeProposals.add(this::touchWeb);
    assertThat(failure(() -> update(seen))).isEqualTo("ABORTED update out of sequence");
    assertThat(failure(() -> update(seen))).isEqualTo("ABORTED update out of sequence");
  }

  @Test
  void aNameThatIsTakenMeanwhileIsToldAsSuch() {
    store.beforeProposals.add(() -> createBy("someone else"));
    assertThat(failure(this::create)).startsWith("ALREADY_EXISTS name conflicts");
  }

  @Test
  void aManagerThatDoesNotLeadAnswersNothing() {
    store.failure = new StoreException.NotLeaderException("raft-2");
    assertThat(failure(this::create)).startsWith("UNAVAILABLE").contains("raft-2");
    assertThat(failure(() -> get(ObjectKind.OBJECT_KIND_NODE, "alpha"))).startsWith("UNAVAILABLE");
    assertThat(failure(() -> list(ObjectKind.OBJECT_KIND_NODE))).startsWith("UNAVAILABLE");
    // Also what it would refuse: its state may be an old one.
    assertThat(failure(() -> update(Version.newBuilder().setIndex(99).build())))
        .startsWith("UNAVAILABLE");
  }

  @Test
  void leadershipIsHandedToManagersOnly() throws Exception {
    var _ = control().leadNode(LeadNodeRequest.newBuilder().setRef("alpha").build());
    assertThat(successors).containsExactly("m1");
    assertThat(
            failure(() -> control().leadNode(LeadNodeRequest.newBuilder().setRef("beta").build())))
        .isEqualTo("FAILED_PRECONDITION node beta is not a manager: promote it first");
    assertThat(successors).hasSize(1);
  }

  @Test
  void aManagersLeadershipAndReachabilityAreFilledIn() throws Exception {
    var status = get(ObjectKind.OBJECT_KIND_NODE, "alpha").getNode().getManagerStatus();
    assertThat(status.getLeader()).isTrue();
    assertThat(status.getReachability()).isEqualTo(Reachability.REACHABILITY_REACHABLE);
    assertThat(get(ObjectKind.OBJECT_KIND_NODE, "beta").getNode().hasManagerStatus()).isFalse();
  }

  @Test
  void theRootsPrivateKeyIsNeverAnswered() throws Exception {
    var stored = Objects.requireNonNull(store.state().cluster()).getRootCa().getKey();
    assertThat(stored).isNotEmpty();
    assertThat(get(ObjectKind.OBJECT_KIND_CLUSTER, "").toString()).doesNotContain(stored);
    assertThat(list(ObjectKind.OBJECT_KIND_CLUSTER)).doesNotContain(stored);
    var updated =
        control()
            .updateCluster(UpdateClusterRequest.newBuilder().setRotateWorkerToken(true).build());
    assertThat(updated.toString()).doesNotContain(stored);
    assertThat(updated.getCluster().getJoinTokens().getWorker()).isNotEmpty();
  }

  @Test
  void aListIsStreamed() throws Exception {
    assertThat(list(ObjectKind.OBJECT_KIND_NODE)).contains("alpha", "beta");
    assertThat(failure(() -> list(ObjectKind.OBJECT_KIND_UNSPECIFIED)))
        .isEqualTo("INVALID_ARGUMENT cannot list objects of kind 0");
  }

  @Test
  void eventsComeAsTheyHappenAndCanBeResumed() throws Exception {
    var after = store.state().index();
    try (var context = Context.current().withCancellation()) {
      var stream =
          context.call(
              () -> control().events(EventsRequest.newBuilder().setAfterIndex(after).build()));
      create();
      var event = Objects.requireNonNull(stream.read());
      assertThat(event.getType() + " " + event.getAction()).isEqualTo("service create");
      var resumed =
          context.call(
              () ->
                  control()
                      .events(EventsRequest.newBuilder().setAfterIndex(event.getIndex()).build()));
      control().removeService(RemoveServiceRequest.newBuilder().setRef("web").build());
      assertThat(Objects.requireNonNull(resumed.read()).getAction()).isEqualTo("remove");
      assertThat(Objects.requireNonNull(stream.read()).getAction()).isEqualTo("remove");
    }
  }

  @Test
  void eventsUntilATimeThatIsOverEndTheStream() throws Exception {
    create();
    // The log follows the store on its own thread: wait until it has the event.
    var cursor = events.fromOldest();
    while (cursor.next(10, TimeUnit.SECONDS.toNanos(20)).stream()
        .noneMatch(event -> event.getType().equals("service"))) {
      assertThat(events.isClosed()).isFalse();
    }
    var stream =
        control()
            .events(
                EventsRequest.newBuilder()
                    .setSince(Times.timestamp(NOW.minusSeconds(60)))
                    .setUntil(Times.timestamp(NOW))
                    .build());
    var types = new ArrayList<String>();
    for (var event = stream.read(); event != null; event = stream.read()) {
      types.add(event.getType());
    }
    assertThat(types).contains("service");
  }

  @Test
  void logsAreTheLogSourcesAffair() throws Exception {
    var stream = control().logs(LogsRequest.newBuilder().setRef("web").build());
    assertThat(Objects.requireNonNull(stream.read()).getWarning()).isEqualTo("web");
    assertThat(stream.read()).isNull();
  }

  // ---- The world

  private ControlGrpc.ControlBlockingV2Stub control() {
    return ControlGrpc.newBlockingV2Stub(Objects.requireNonNull(channel))
        .withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private String create() throws StatusException {
    return control()
        .createService(CreateServiceRequest.newBuilder().setSpec(Specs.web()).build())
        .getId();
  }

  private void createBy(String id) {
    store.store.commit(
        ChangeSets.of(
            NOW,
            List.of(
                ChangeSets.create(Service.newBuilder().setId(id).setSpec(Specs.web()).build()))));
  }

  private Version update(Version version) throws StatusException {
    return control()
        .updateService(
            UpdateServiceRequest.newBuilder()
                .setRef("web")
                .setVersion(version)
                .setSpec(Specs.web())
                .build())
        .getVersion();
  }

  /// Somebody else changes the service.
  private void touchWeb() {
    var service = Objects.requireNonNull(store.state().serviceByName("web")).toBuilder();
    service.getSpecBuilder().putLabels("touched", "at " + service.getVersion().getIndex());
    store.store.commit(ChangeSets.of(NOW, List.of(ChangeSets.update(service.build()))));
  }

  private dev.skein.proto.v1.Object get(ObjectKind kind, String ref) throws StatusException {
    return control().get(GetRequest.newBuilder().setKind(kind).setRef(ref).build()).getObject();
  }

  private String list(ObjectKind kind) throws StatusException, InterruptedException {
    var stream = control().list(ListRequest.newBuilder().setKind(kind).build());
    var text = new StringBuilder();
    for (var page = stream.read(); page != null; page = stream.read()) {
      text.append(page);
    }
    return text.toString();
  }

  private interface Call {
    Object run() throws StatusException, InterruptedException;
  }

  private static String failure(Call call) {
    try {
      return "answered " + call.run();
    } catch (StatusException failure) {
      Status status = failure.getStatus();
      return status.getCode() + " " + status.getDescription();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }
}
