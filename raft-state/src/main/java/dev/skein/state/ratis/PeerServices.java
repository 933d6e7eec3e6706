package dev.skein.state.ratis;

import java.util.EnumSet;
import java.util.Map;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.proto.grpc.RaftServerProtocolServiceGrpc;
import org.apache.ratis.thirdparty.io.grpc.ForwardingServerCall;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyServerBuilder;

/// What the Raft port serves: only what members say to each other. Ratis also offers its client and
/// its administration service there, which could rewrite the configuration; both are refused,
/// because changes go through this process. Votes, and the receipts of snapshots, become durable on
/// their way out. [TermService] comes beside Ratis' own.
final class PeerServices implements GrpcServices.Customizer, ServerInterceptor {
  private final TermService terms;

  /// What must be durable before an answer of this method leaves.
  private final Map<String, Runnable> syncs;

  PeerServices(VoteDurability votes, SealedStateMachine machine, TermService terms) {
    this.terms = terms;
    this.syncs =
        Map.of(
            RaftServerProtocolServiceGrpc.getRequestVoteMethod().getFullMethodName(),
            votes::sync,
            RaftServerProtocolServiceGrpc.getInstallSnapshotMethod().getFullMethodName(),
            machine::syncReceipt);
  }

  @Override
  public NettyServerBuilder customize(
      NettyServerBuilder builder, EnumSet<GrpcServices.Type> types) {
    return builder.addService(terms.definition()).intercept(this);
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String service = call.getMethodDescriptor().getServiceName();
    if (TermService.NAME.equals(service)) {
      return next.startCall(call, headers);
    }
    if (!RaftServerProtocolServiceGrpc.SERVICE_NAME.equals(service)) {
      call.close(
          Status.PERMISSION_DENIED.withDescription(service + " is not served to others"),
          new Metadata());
      return new ServerCall.Listener<>() {};
    }
    Runnable sync = syncs.get(call.getMethodDescriptor().getFullMethodName());
    if (sync == null) {
      return next.startCall(call, headers);
    }
    return next.startCall(
        new ForwardingServerCall.SimpleForwardingServerCall<Q, R>(call) {
          @Override
          public void sendMessage(R message) {
            sync.run();
            super.sendMessage(message);
          }
        },
        headers);
  }
}
