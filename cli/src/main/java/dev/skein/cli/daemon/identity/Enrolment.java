package dev.skein.cli.daemon.identity;

import dev.skein.manager.ca.CertificateRequest;
import dev.skein.manager.ca.JoinToken;
import dev.skein.manager.ca.Pem;
import dev.skein.proto.v1.CertificateAuthorityGrpc;
import dev.skein.proto.v1.GetRootCertificateRequest;
import dev.skein.proto.v1.IssueCertificateRequest;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.security.KeyPair;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// How a node gets its certificates: the first with a join token, every next with the one it has.
/// Calls block; each is bounded.
public final class Enrolment {

  private static final int CALL_SECONDS = 10;

  private Enrolment() {}

  /// Asks a manager for this node's first certificate.
  ///
  /// The first connection trusts nobody: all that is taken from it is the root certificate, and
  /// only if the token's digest is that root's. The secret of the token goes over a second
  /// connection,
  /// to a server with a certificate of that root.
  ///
  /// @param manager `host:port`
  /// @param request what to ask for; its token and csr are set here
  /// @throws io.grpc.StatusRuntimeException if the manager cannot be reached or refuses
  /// @throws IllegalArgumentException if the manager is of another cluster than the token
  public static Identity join(String manager, JoinToken token, IssueCertificateRequest request) {
    var root = rootOf(manager);
    if (!token.isFor(root)) {
      throw new IllegalArgumentException(
          "remote CA does not match fingerprint: the manager at "
              + manager
              + " is of another swarm than the join token");
    }
    var keys = CertificateRequest.newKeyPair();
    var trusting =
        TlsChannelCredentials.newBuilder()
            .trustManager(JoinTrust.serversOf(Pem.certificates(root).getFirst()))
            .build();
    return over(
        Grpc.newChannelBuilder(manager, trusting).build(),
        channel -> issue(channel, keys, request.toBuilder().setToken(token.toString()).build()));
  }

  /// Renews this node's certificate with a new key, in the role that the cluster now wants for it.
  ///
  /// @param manager a channel to a manager that shows the present certificate
  /// @throws io.grpc.StatusRuntimeException if the manager cannot be reached or refuses
  public static Identity renew(Channel manager) {
    return issue(
        manager, CertificateRequest.newKeyPair(), IssueCertificateRequest.getDefaultInstance());
  }

  private static Identity issue(Channel channel, KeyPair keys, IssueCertificateRequest request) {
    var answer =
        CertificateAuthorityGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .issueCertificate(request.toBuilder().setCsr(CertificateRequest.create(keys)).build());
    return Identity.parse(keys.getPrivate(), answer.getCertificate(), answer.getTrustRoot());
  }

  private static String rootOf(String manager) {
    var trustingNobody =
        TlsChannelCredentials.newBuilder().trustManager(JoinTrust.anyServer()).build();
    return over(
        Grpc.newChannelBuilder(manager, trustingNobody).build(),
        channel ->
            CertificateAuthorityGrpc.newBlockingStub(channel)
                .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                .getRootCertificate(GetRootCertificateRequest.getDefaultInstance())
                .getCertificate());
  }

  private static <T> T over(ManagedChannel channel, Function<Channel, T> call) {
    try {
      return call.apply(channel);
    } finally {
      channel.shutdownNow();
    }
  }
}
