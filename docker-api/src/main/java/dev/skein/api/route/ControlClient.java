package dev.skein.api.route;

import static dev.skein.api.ApiException.unavailable;

import dev.skein.api.ApiException;
import dev.skein.api.LocalNode;
import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.ControlGrpc.ControlBlockingV2Stub;
import dev.skein.proto.v1.Filter;
import dev.skein.proto.v1.GetRequest;
import dev.skein.proto.v1.GetResponse;
import dev.skein.proto.v1.ListRequest;
import dev.skein.proto.v1.ListResponse;
import dev.skein.proto.v1.ObjectKind;
import io.grpc.Channel;
import io.grpc.StatusException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The control API as the routes call it: only on a manager, and never without a deadline but for
/// streams. Blocks the request's virtual thread; any thread.
final class ControlClient {
  private final ControlBlockingV2Stub stub;
  private final LocalNode node;
  private final Duration timeout;

  ControlClient(Channel control, LocalNode node, Duration timeout) {
    this.stub = ControlGrpc.newBlockingV2Stub(control);
    this.node = node;
    this.timeout = timeout;
  }

  /// For one call that answers once.
  ///
  /// @throws ApiException 503 when this node is no manager, with what to do
  ControlBlockingV2Stub call() {
    requireManager();
    return stub.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  /// For one call that goes on for as long as the client listens.
  ControlBlockingV2Stub stream() {
    requireManager();
    return stub;
  }

  /// One object by its id, name or unique prefix.
  GetResponse get(ObjectKind kind, String ref) throws StatusException {
    return call().get(GetRequest.newBuilder().setKind(kind).setRef(ref).build());
  }

  /// All objects of a kind that match, with their details, in one message.
  ListResponse list(ObjectKind kind, List<Filter> filters, boolean withStatus)
      throws StatusException, InterruptedException {
    var request =
        ListRequest.newBuilder().setKind(kind).addAllFilters(filters).setWithStatus(withStatus);
    var pages = call().list(request.build());
    var all = ListResponse.newBuilder();
    for (var page = pages.read(); page != null; page = pages.read()) {
      all.mergeFrom(page);
    }
    return all.build();
  }

  /// @throws ApiException 503 when this node is no manager, with what to do
  void requireManager() {
    var info = node.info();
    if (info.getControlAvailable()) {
      return;
    }
    throw unavailable(
        switch (info.getLocalNodeState()) {
          case LOCAL_NODE_STATE_ACTIVE ->
              "This node is not a swarm manager. Worker nodes can't be used to view or modify"
                  + " cluster state. Please run this command on a manager node or promote the"
                  + " current node to a manager.";
          case LOCAL_NODE_STATE_LOCKED ->
              "Swarm is encrypted and needs to be unlocked before it can be used. Please use"
                  + " \"skein swarm unlock\" to unlock it.";
          case LOCAL_NODE_STATE_PENDING ->
              "This node is joining or starting its part of a swarm: try again in a moment.";
          case LOCAL_NODE_STATE_ERROR ->
              "This node's part of the swarm failed: "
                  + info.getError()
                  + ". Mend it, or leave with \"skein swarm leave --force\" and join again.";
          case LOCAL_NODE_STATE_INACTIVE, UNRECOGNIZED ->
              "This node is not a swarm manager. Use \"skein swarm init\" or \"skein swarm join\""
                  + " to connect this node to swarm and try again.";
        });
  }
}
