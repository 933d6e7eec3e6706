package dev.skein.manager.ca;

import dev.skein.manager.auth.Caller;
import dev.skein.manager.auth.CallerInterceptor;
import dev.skein.manager.auth.NodeSubject;
import dev.skein.manager.control.Admission;
import dev.skein.manager.control.Rejection;
import dev.skein.manager.rpc.Answer;
import dev.skein.proto.v1.CertificateAuthorityGrpc;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.GetRootCertificateRequest;
import dev.skein.proto.v1.GetRootCertificateResponse;
import dev.skein.proto.v1.IssueCertificateRequest;
import dev.skein.proto.v1.IssueCertificateResponse;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.Object;
import dev.skein.state.ClusterState;
import dev.skein.state.ClusterStore;
import dev.skein.state.Defaults;
import dev.skein.state.IdSource;
import dev.skein.state.Times;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/// Gives nodes their certificates. Serves on every manager; only the leader issues, the others hand
/// the request on to it.
public final class CertificateAuthorityService
    extends CertificateAuthorityGrpc.CertificateAuthorityImplBase {

  /// Nodes in one cluster: beyond it a join is refused, so that a leaked token cannot fill the
  /// state.
  public static final int NODES_MAX = 10_000;

  private static final int NAME_CHARS_MAX = 255;
  private static final int ATTEMPTS_MAX = 10;

  private final ClusterStore store;
  private final BooleanSupplier leads;
  private final Channel leader;
  private final InstantSource clock;
  private final SecureRandom random;
  private final IdSource ids;

  /// @param leads whether this manager leads
  /// @param leader where to hand a request on to when it does not
  public CertificateAuthorityService(
      ClusterStore store,
      BooleanSupplier leads,
      Channel leader,
      InstantSource clock,
      SecureRandom random) {
    this.store = store;
    this.leads = leads;
    this.leader = leader;
    this.clock = clock;
    this.random = random;
    this.ids = new IdSource(random);
  }

  @Override
  public void getRootCertificate(
      GetRootCertificateRequest request, StreamObserver<GetRootCertificateResponse> observer) {
    Answer.to(
        observer,
        () ->
            GetRootCertificateResponse.newBuilder()
                .setCertificate(cluster(store.state()).getRootCa().getCertificate())
                .build());
  }

  @Override
  public void issueCertificate(
      IssueCertificateRequest request, StreamObserver<IssueCertificateResponse> observer) {
    var caller = Caller.current();
    Answer.to(
        observer,
        () -> {
          if (!leads.getAsBoolean()) {
            return CertificateAuthorityGrpc.newBlockingV2Stub(leader)
                .withInterceptors(
                    MetadataUtils.newAttachHeadersInterceptor(CallerInterceptor.onBehalfOf(caller)))
                .withDeadline(Answer.deadline())
                .issueCertificate(request);
          }
          var state = Answer.await(store.read());
          return request.getToken().isEmpty()
              ? renewUnchanged(state, request, caller)
              : admit(state, request);
        });
  }

  private IssueCertificateResponse admit(ClusterState state, IssueCertificateRequest request)
      throws StatusException, InterruptedException {
    var cluster = cluster(state);
    var role = roleOf(cluster, request.getToken());
    if (state.nodes().size() >= NODES_MAX) {
      throw Status.RESOURCE_EXHAUSTED
          .withDescription("this swarm already has " + NODES_MAX + " nodes, which is the limit")
          .asException();
    }
    if (request.getHostname().length() > NAME_CHARS_MAX
        || request.getAddr().length() > NAME_CHARS_MAX) {
      throw Status.INVALID_ARGUMENT
          .withDescription("host name or address longer than " + NAME_CHARS_MAX + " characters")
          .asException();
    }
    var availability =
        request.getAvailability() == NodeAvailability.NODE_AVAILABILITY_UNSPECIFIED
            ? NodeAvailability.NODE_AVAILABILITY_ACTIVE
            : request.getAvailability();
    var spec =
        NodeSpec.newBuilder()
            .setRole(role)
            .setAvailability(availability)
            .setEphemeral(request.getEphemeral());
    if (request.hasEphemeralAfter()) {
      spec.setEphemeralAfter(request.getEphemeralAfter());
    }
    try {
      Admission.requireValid(spec.build());
    } catch (Rejection rejection) {
      throw rejection.asStatus();
    }
    var now = clock.instant();
    var node =
        Node.newBuilder()
            .setId(ids.next())
            .setSpec(spec)
            .setDescription(NodeDescription.newBuilder().setHostname(request.getHostname()))
            .setStatus(
                NodeStatus.newBuilder()
                    .setState(NodeState.NODE_STATE_UNKNOWN)
                    .setAddr(request.getAddr())
                    .setSince(Times.timestamp(now)))
            .setRole(role);
    return sign(cluster, node, request.getCsr(), Change.newBuilder()::setCreate);
  }

  /// Renews; again from the start when the node's object was changed meanwhile.
  private IssueCertificateResponse renewUnchanged(
      ClusterState state, IssueCertificateRequest request, Caller caller)
      throws StatusException, InterruptedException {
    var latest = state;
    for (var attempt = 1; ; attempt++) {
      try {
        return renew(latest, request, caller);
      } catch (StatusException e) {
        if (e.getStatus().getCode() != Status.Code.ABORTED || attempt == ATTEMPTS_MAX) {
          throw e;
        }
        latest = store.state();
      }
    }
  }

  private IssueCertificateResponse renew(
      ClusterState state, IssueCertificateRequest request, Caller caller)
      throws StatusException, InterruptedException {
    if (!caller.isMember()) {
      throw Status.UNAUTHENTICATED
          .withDescription("a certificate is issued for a join token, or to a node that has one")
          .asException();
    }
    var node = state.node(caller.nodeId());
    if (node == null) {
      throw Status.PERMISSION_DENIED
          .withDescription("node " + caller.nodeId() + " was removed from this swarm")
          .asException();
    }
    // A manager that is being demoted stays one until it has left the Raft group.
    var role = node.hasManagerStatus() ? NodeRole.NODE_ROLE_MANAGER : node.getSpec().getRole();
    return sign(
        cluster(state),
        node.toBuilder().setRole(role),
        request.getCsr(),
        Change.newBuilder()::setUpdate);
  }

  private IssueCertificateResponse sign(
      Cluster cluster, Node.Builder node, String request, Function<Object, Change.Builder> change)
      throws StatusException, InterruptedException {
    var now = clock.instant();
    var expiry = Defaults.nodeCertificateExpiry(cluster);
    String certificate;
    try {
      certificate =
          RootAuthority.of(cluster.getRootCa(), random)
              .issue(
                  request,
                  new NodeSubject(node.getId(), node.getRole(), cluster.getId()),
                  now,
                  expiry);
    } catch (IllegalArgumentException e) {
      throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asException();
    }
    node.setCertificateExpiresAt(Times.timestamp(now.plus(expiry)));
    Answer.await(
        store.propose(
            ChangeSet.newBuilder()
                .setProposedAt(Times.timestamp(now))
                .addChanges(change.apply(Object.newBuilder().setNode(node).build()))
                .build()));
    return IssueCertificateResponse.newBuilder()
        .setNodeId(node.getId())
        .setCertificate(certificate)
        .setRole(node.getRole())
        .setTrustRoot(cluster.getRootCa().getCertificate())
        .build();
  }

  /// Compares with both tokens always, so that the time taken tells nothing.
  private static NodeRole roleOf(Cluster cluster, String token) throws StatusException {
    var tokens = cluster.getJoinTokens();
    var worker = JoinToken.parse(tokens.getWorker()).matches(token);
    var manager = JoinToken.parse(tokens.getManager()).matches(token);
    if (manager) {
      return NodeRole.NODE_ROLE_MANAGER;
    }
    if (worker) {
      return NodeRole.NODE_ROLE_WORKER;
    }
    throw Status.INVALID_ARGUMENT
        .withDescription("A valid join token is necessary to join this cluster")
        .asException();
  }

  private static Cluster cluster(ClusterState state) throws StatusException {
    var cluster = state.cluster();
    if (cluster == null) {
      throw Status.UNAVAILABLE
          .withDescription("this manager does not know the swarm's state yet; try again")
          .asException();
    }
    return cluster;
  }
}
