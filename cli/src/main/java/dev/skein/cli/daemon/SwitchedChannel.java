package dev.skein.cli.daemon;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/// A channel whose other end changes with this node's role: the control API while it is a manager,
/// nothing otherwise. Thread-safe.
final class SwitchedChannel extends Channel {

  private volatile @Nullable Channel target;

  void connect(@Nullable Channel channel) {
    target = channel;
  }

  @Override
  public <ReqT, RespT> ClientCall<ReqT, RespT> newCall(
      MethodDescriptor<ReqT, RespT> method, CallOptions options) {
    var present = target;
    return present == null ? new NotAManager<>() : present.newCall(method, options);
  }

  @Override
  public String authority() {
    return "control";
  }

  private static final class NotAManager<ReqT, RespT> extends ClientCall<ReqT, RespT> {

    @Override
    public void start(Listener<RespT> listener, Metadata headers) {
      listener.onClose(
          Status.UNAVAILABLE.withDescription("This node is not a swarm manager (any more)."),
          new Metadata());
    }

    @Override
    public void request(int numMessages) {}

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {}

    @Override
    public void halfClose() {}

    @Override
    public void sendMessage(ReqT message) {}
  }
}
