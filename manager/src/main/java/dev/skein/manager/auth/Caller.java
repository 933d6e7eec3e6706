package dev.skein.manager.auth;

import dev.skein.proto.v1.NodeRole;
import io.grpc.Context;

/// The node that makes the present call, by its certificate. Without one the caller is
/// [#ANONYMOUS].
///
/// @param nodeId empty for an anonymous caller
/// @param role `NODE_ROLE_UNSPECIFIED` for an anonymous caller
public record Caller(String nodeId, NodeRole role) {

  public static final Caller ANONYMOUS = new Caller("", NodeRole.NODE_ROLE_UNSPECIFIED);

  /// Set by [CallerInterceptor] for the time of a call.
  public static final Context.Key<Caller> KEY = Context.keyWithDefault("skein-caller", ANONYMOUS);

  public static Caller current() {
    return KEY.get();
  }

  public boolean isManager() {
    return role == NodeRole.NODE_ROLE_MANAGER;
  }

  public boolean isMember() {
    return role != NodeRole.NODE_ROLE_UNSPECIFIED;
  }
}
