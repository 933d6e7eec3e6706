package dev.skein.manager.auth;

import dev.skein.proto.v1.NodeRole;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.security.cert.X509Certificate;
import java.util.function.Predicate;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// Knows the caller by its certificate, refuses what its role may not call, and hands it on as
/// [Caller#current()].
///
/// The TLS layer has already verified that the certificate is of this cluster and in date.
public final class CallerInterceptor implements ServerInterceptor {

  private static final Metadata.Key<String> ON_BEHALF_OF =
      Metadata.Key.of("skein-on-behalf-of", Metadata.ASCII_STRING_MARSHALLER);

  private final @Nullable Caller local;
  private final Predicate<String> isMember;

  private CallerInterceptor(@Nullable Caller local, Predicate<String> isMember) {
    this.local = local;
    this.isMember = isMember;
  }

  /// For the server that other nodes reach over TLS.
  ///
  /// @param isMember tells whether a node id still belongs to the cluster; a removed node's
  ///     certificate is refused although it is still in date
  public static CallerInterceptor forRemoteCalls(Predicate<String> isMember) {
    return new CallerInterceptor(null, isMember);
  }

  /// For the in-process server: every call is this node's own.
  public static CallerInterceptor forLocalCalls(String nodeId) {
    return new CallerInterceptor(new Caller(nodeId, NodeRole.NODE_ROLE_MANAGER), ignored -> true);
  }

  /// Headers that make a forwarded call count as `nodeId`'s own. Only a manager's word is taken.
  public static Metadata onBehalfOf(Caller caller) {
    var headers = new Metadata();
    headers.put(ON_BEHALF_OF, caller.nodeId() + "/" + caller.role().getNumber());
    return headers;
  }

  @Override
  public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
      ServerCall<ReqT, RespT> call, Metadata headers, ServerCallHandler<ReqT, RespT> next) {
    Caller caller;
    try {
      caller = behind(identify(call), headers);
    } catch (IllegalArgumentException e) {
      return refuse(call, Status.UNAUTHENTICATED.withDescription(e.getMessage()));
    }
    var method = call.getMethodDescriptor();
    if (!AccessPolicy.allows(String.valueOf(method.getServiceName()), caller)) {
      return refuse(
          call,
          Status.PERMISSION_DENIED.withDescription(
              (caller.isMember() ? "a worker's certificate" : "a caller without a certificate")
                  + " may not call "
                  + method.getFullMethodName()));
    }
    if (caller.isMember() && !isMember.test(caller.nodeId())) {
      return refuse(
          call,
          Status.PERMISSION_DENIED.withDescription(
              "node " + caller.nodeId() + " is not a member of this swarm (any more)"));
    }
    return Contexts.interceptCall(
        Context.current().withValue(Caller.KEY, caller), call, headers, next);
  }

  private Caller identify(ServerCall<?, ?> call) {
    if (local != null) {
      return local;
    }
    var session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    if (session == null) {
      throw new IllegalArgumentException("only calls over TLS are served");
    }
    try {
      var subject = NodeSubject.of((X509Certificate) session.getPeerCertificates()[0]);
      return new Caller(subject.nodeId(), subject.role());
    } catch (SSLPeerUnverifiedException e) {
      return Caller.ANONYMOUS;
    }
  }

  private static Caller behind(Caller caller, Metadata headers) {
    var claim = headers.get(ON_BEHALF_OF);
    if (claim == null || !caller.isManager()) {
      return caller;
    }
    var slash = claim.lastIndexOf('/');
    var role = slash < 0 ? null : NodeRole.forNumber(Integer.parseInt(claim.substring(slash + 1)));
    if (role == null) {
      throw new IllegalArgumentException("malformed skein-on-behalf-of header: " + claim);
    }
    return new Caller(claim.substring(0, slash), role);
  }

  private static <ReqT> ServerCall.Listener<ReqT> refuse(ServerCall<ReqT, ?> call, Status status) {
    call.close(status, new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
