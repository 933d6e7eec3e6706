package dev.skein.manager.auth;

import dev.skein.proto.v1.CertificateAuthorityGrpc;
import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.DispatcherGrpc;
import dev.skein.proto.v1.MembershipGrpc;
import java.util.Map;

/// Which role may call which service. A service that is not listed may be called by nobody.
enum AccessPolicy {
  /// Also a node that is about to join and has no certificate yet.
  ANYONE,
  MEMBERS,
  MANAGERS;

  private static final Map<String, AccessPolicy> BY_SERVICE =
      Map.of(
          CertificateAuthorityGrpc.SERVICE_NAME, ANYONE,
          DispatcherGrpc.SERVICE_NAME, MEMBERS,
          ControlGrpc.SERVICE_NAME, MANAGERS,
          MembershipGrpc.SERVICE_NAME, MANAGERS);

  static boolean allows(String serviceName, Caller caller) {
    var policy = BY_SERVICE.get(serviceName);
    return policy != null
        && switch (policy) {
          case ANYONE -> true;
          case MEMBERS -> caller.isMember();
          case MANAGERS -> caller.isManager();
        };
  }
}
