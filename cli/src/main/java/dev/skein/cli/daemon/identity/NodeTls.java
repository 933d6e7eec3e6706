package dev.skein.cli.daemon.identity;

import dev.skein.proto.v1.NodeRole;
import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// This node's side of every TLS connection. Thread-safe.
///
/// Each handshake asks for the present identity, so a renewed certificate is in use at once and no
/// connection or server has to be started again.
public final class NodeTls {

  private static final Set<NodeRole> MEMBERS =
      Set.of(NodeRole.NODE_ROLE_MANAGER, NodeRole.NODE_ROLE_WORKER);
  private static final Set<NodeRole> MANAGERS = Set.of(NodeRole.NODE_ROLE_MANAGER);

  private final InstantSource clock;
  private volatile Identity identity;

  public NodeTls(Identity identity, InstantSource clock) {
    this.identity = identity;
    this.clock = clock;
  }

  public Identity identity() {
    return identity;
  }

  public void use(Identity renewed) {
    identity = renewed;
  }

  /// For the server of a manager: a caller may come without a certificate (a node that joins does),
  /// but one that is shown must be a member's.
  public ServerCredentials serverCredentials() {
    return TlsServerCredentials.newBuilder()
        .keyManager(keyManager())
        .trustManager(new MemberTrust(MEMBERS))
        .clientAuth(TlsServerCredentials.ClientAuth.OPTIONAL)
        .build();
  }

  /// For calls to a manager.
  public ChannelCredentials channelCredentials() {
    return TlsChannelCredentials.newBuilder()
        .keyManager(keyManager())
        .trustManager(new MemberTrust(MEMBERS))
        .build();
  }

  /// Trusts managers of this cluster only, on both sides: for Raft.
  public X509ExtendedTrustManager managersOnly() {
    return new MemberTrust(MANAGERS);
  }

  public X509ExtendedKeyManager keyManager() {
    return new PresentKey();
  }

  /// Shows the identity of the moment. The alias names one certificate, so that a handshake under
  /// way during a renewal does not mix two.
  private final class PresentKey extends X509ExtendedKeyManager {

    private volatile @Nullable Identity previous;
    private volatile @Nullable Identity shown;

    private String alias() {
      var now = identity;
      if (!now.equals(shown)) {
        previous = shown;
        shown = now;
      }
      return aliasOf(now);
    }

    private static String aliasOf(Identity identity) {
      return identity.certificate().getSerialNumber().toString();
    }

    private @Nullable Identity named(String alias) {
      for (var candidate : new @Nullable Identity[] {identity, previous}) {
        if (candidate != null && aliasOf(candidate).equals(alias)) {
          return candidate;
        }
      }
      return null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      var named = named(alias);
      return named == null ? null : new X509Certificate[] {named.certificate()};
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      var named = named(alias);
      return named == null ? null : named.key();
    }

    @Override
    public String chooseClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return alias();
    }

    @Override
    public String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return alias();
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return alias();
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return "EC".equals(keyType) ? alias() : null;
    }

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return new String[] {alias()};
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return new String[] {alias()};
    }
  }

  /// Membership of the cluster and the role in it are what counts.
  private final class MemberTrust extends ChainTrust {

    private final Set<NodeRole> clients;

    MemberTrust(Set<NodeRole> clients) {
      this.clients = clients;
    }

    @Override
    void checkClient(X509Certificate certificate) throws CertificateException {
      check(certificate, clients);
    }

    @Override
    void checkServer(X509Certificate certificate) throws CertificateException {
      check(certificate, MANAGERS);
    }

    private void check(X509Certificate certificate, Set<NodeRole> roles)
        throws CertificateException {
      var present = identity;
      var subject =
          TrustedSubject.of(
              certificate, present.root(), present.subject().clusterId(), clock.instant());
      if (!roles.contains(subject.role())) {
        throw new CertificateException("node " + subject.nodeId() + " is not a manager");
      }
    }
  }
}
