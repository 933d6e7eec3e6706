package dev.skein.cli.daemon.identity;

import dev.skein.state.seal.BoringSsl;
import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettySslContextChannelCredentials;
import io.grpc.netty.NettySslContextServerCredentials;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// TLS 1.3 for gRPC, by [BoringSsl] or else by Java's own: a node makes its first handshakes while
/// a cluster waits for it, and a new leader one with each node.
final class GrpcTls {
  private static final String PROTOCOL = "TLSv1.3";

  private GrpcTls() {}

  /// For a server: a caller may come without a certificate, but one that is shown is checked.
  static ServerCredentials server(X509ExtendedKeyManager keys, X509ExtendedTrustManager clients) {
    return NettySslContextServerCredentials.create(
        context(
            SslContextBuilder.forServer(keys)
                .trustManager(clients)
                .clientAuth(ClientAuth.OPTIONAL)));
  }

  /// For a client.
  ///
  /// @param keys null to show no certificate
  static ChannelCredentials client(
      @Nullable X509ExtendedKeyManager keys, X509ExtendedTrustManager servers) {
    return NettySslContextChannelCredentials.create(
        context(SslContextBuilder.forClient().keyManager(keys).trustManager(servers)));
  }

  private static SslContext context(SslContextBuilder builder) {
    builder.protocols(PROTOCOL);
    try {
      return BoringSsl.provider()
          .map(provider -> GrpcSslContexts.configure(builder, provider))
          .orElseGet(() -> GrpcSslContexts.configure(builder, SslProvider.JDK))
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException(PROTOCOL + " is not usable on this JVM", e);
    }
  }
}
