package dev.skein.manager.member;

import com.google.protobuf.ByteString;
import dev.skein.manager.auth.Caller;
import dev.skein.manager.auth.CallerInterceptor;
import dev.skein.manager.rpc.Answer;
import dev.skein.proto.v1.DataKey;
import dev.skein.proto.v1.JoinRaftRequest;
import dev.skein.proto.v1.JoinRaftResponse;
import dev.skein.proto.v1.LeaveRaftRequest;
import dev.skein.proto.v1.LeaveRaftResponse;
import dev.skein.proto.v1.MembershipGrpc;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.RaftPeer;
import dev.skein.state.ClusterState;
import dev.skein.state.ClusterStore;
import dev.skein.state.ratis.RaftNode;
import dev.skein.state.seal.Keyring;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.util.function.BooleanSupplier;

/// Lets managers into the Raft group and out of it. Serves on every manager; those that do not lead
/// hand the request on.
public final class MembershipService extends MembershipGrpc.MembershipImplBase {

  private final ClusterStore store;
  private final RaftNode raft;
  private final ManagerRoster roster;
  private final Keyring keyring;
  private final BooleanSupplier leads;
  private final Channel leader;

  public MembershipService(
      ClusterStore store,
      RaftNode raft,
      ManagerRoster roster,
      Keyring keyring,
      BooleanSupplier leads,
      Channel leader) {
    this.store = store;
    this.raft = raft;
    this.roster = roster;
    this.keyring = keyring;
    this.leads = leads;
    this.leader = leader;
  }

  @Override
  public void joinRaft(JoinRaftRequest request, StreamObserver<JoinRaftResponse> observer) {
    var caller = Caller.current();
    Answer.to(
        observer,
        () -> {
          if (!leads.getAsBoolean()) {
            return atLeader(caller).joinRaft(request);
          }
          var state = Answer.await(store.read());
          var node = managerToBe(state, caller);
          if (request.getAdd()) {
            var member = RaftAddress.member(request.getRaftId(), request.getRaftAddr());
            Answer.await(roster.admit(node.getId(), request.getAddr(), member));
            state = store.state();
          }
          return welcome(state);
        });
  }

  @Override
  public void leaveRaft(LeaveRaftRequest request, StreamObserver<LeaveRaftResponse> observer) {
    var caller = Caller.current();
    Answer.to(
        observer,
        () -> {
          if (!leads.getAsBoolean()) {
            return atLeader(caller).leaveRaft(request);
          }
          Answer.await(roster.dismiss(caller.nodeId()));
          return LeaveRaftResponse.getDefaultInstance();
        });
  }

  private MembershipGrpc.MembershipBlockingV2Stub atLeader(Caller caller) {
    return MembershipGrpc.newBlockingV2Stub(leader)
        .withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(CallerInterceptor.onBehalfOf(caller)))
        .withDeadline(Answer.deadline());
  }

  private static Node managerToBe(ClusterState state, Caller caller) throws StatusException {
    var node = state.node(caller.nodeId());
    if (node == null) {
      throw Status.PERMISSION_DENIED
          .withDescription("node " + caller.nodeId() + " was removed from this swarm")
          .asException();
    }
    if (node.getSpec().getRole() != NodeRole.NODE_ROLE_MANAGER) {
      throw Status.PERMISSION_DENIED
          .withDescription("node " + caller.nodeId() + " is not to be a manager (any more)")
          .asException();
    }
    return node;
  }

  private JoinRaftResponse welcome(ClusterState state) {
    var answer = JoinRaftResponse.newBuilder();
    var cluster = state.cluster();
    if (cluster != null) {
      answer.setClusterId(cluster.getId());
    }
    for (var member : raft.members()) {
      answer.addPeers(RaftPeer.newBuilder().setRaftId(member.id()).setRaftAddr(member.address()));
    }
    keyring
        .export()
        .forEach(
            (id, key) ->
                answer.addDataKeys(
                    DataKey.newBuilder().setId(id).setKey(ByteString.copyFrom(key))));
    return answer.setActiveDataKey(keyring.activeId()).build();
  }
}
