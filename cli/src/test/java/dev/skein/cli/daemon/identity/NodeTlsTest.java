package dev.skein.cli.daemon.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.manager.auth.Caller;
import dev.skein.manager.auth.CallerInterceptor;
import dev.skein.manager.ca.JoinToken;
import dev.skein.proto.v1.CertificateAuthorityGrpc;
import dev.skein.proto.v1.GetRootCertificateRequest;
import dev.skein.proto.v1.GetRootCertificateResponse;
import dev.skein.proto.v1.IssueCertificateRequest;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Real TLS over loopback; the service answers with the node that called.
class NodeTlsTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private final TestAuthority authority = new TestAuthority("c1", NOW);
  private final NodeTls serverTls = new NodeTls(authority.manager("m1"), this::now);
  private final List<ManagedChannel> channels = new ArrayList<>();
  private volatile Instant now = NOW;
  private Server server;

  private Instant now() {
    return now;
  }

  @BeforeEach
  void start() throws IOException {
    server = serve(serverTls);
  }

  private static Server serve(NodeTls tls) throws IOException {
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), tls.serverCredentials())
        .addService(new Echo())
        .intercept(CallerInterceptor.forRemoteCalls(id -> !id.equals("removed")))
        .build()
        .start();
  }

  @AfterEach
  void stop() {
    channels.forEach(ManagedChannel::shutdownNow);
    server.shutdownNow();
  }

  @Test
  void aMemberIsKnownByItsCertificate() {
    assertThat(callAs(authority.worker("w1"))).isEqualTo("w1 NODE_ROLE_WORKER");
    assertThat(callAs(authority.manager("m2"))).isEqualTo("m2 NODE_ROLE_MANAGER");
  }

  @Test
  void aCertificateOfAnotherClusterIsRefusedOnBothSides() {
    var other = new TestAuthority("c2", NOW);

    assertThatThrownBy(() -> callAs(other.manager("m9")))
        .isInstanceOf(StatusRuntimeException.class);
  }

  @Test
  void aCertificateOfTheSameRootButAnotherClusterIdIsRefused() {
    var tls = new NodeTls(authority.manager("m1"), this::now);
    var subject = tls.identity().certificate();

    assertThatThrownBy(() -> TrustedSubject.of(subject, tls.identity().root(), "c2", NOW))
        .hasMessageContaining("is a member of cluster c1, not of c2");
  }

  @Test
  void anExpiredCertificateIsRefusedAndTheMessageSaysSince() {
    var worker = authority.worker("w1");
    now = NOW.plus(TestAuthority.EXPIRY).plusSeconds(1);

    assertThatThrownBy(() -> callAs(worker)).isInstanceOf(StatusRuntimeException.class);
    assertThatThrownBy(() -> TrustedSubject.of(worker.certificate(), worker.root(), "c1", now))
        .hasMessageContaining("the certificate of node w1 expired on");
  }

  @Test
  void aClockThatIsBehindByLessThanAnHourDoesNoHarm() {
    now = NOW.minus(Duration.ofMinutes(59));

    assertThat(callAs(authority.worker("w1"))).startsWith("w1");
  }

  @Test
  void aWorkerIsNotTrustedAsAServer() throws IOException {
    var impostor = serve(new NodeTls(authority.worker("w1"), this::now));
    try {
      var channel = channelTo(impostor, authority.manager("m2"));
      assertThatThrownBy(() -> call(channel)).isInstanceOf(StatusRuntimeException.class);
    } finally {
      impostor.shutdownNow();
    }
  }

  @Test
  void aRemovedNodesCertificateIsRefusedThoughItIsInDate() {
    assertThatThrownBy(() -> callAs(authority.worker("removed")))
        .hasMessageContaining("PERMISSION_DENIED")
        .hasMessageContaining("not a member");
  }

  @Test
  void aRenewedCertificateIsInUseWithoutARestart() {
    var first = serverTls.identity().certificate().getSerialNumber();
    assertThat(callAs(authority.worker("w1"))).startsWith("w1");

    serverTls.use(authority.manager("m1"));
    now = NOW.plus(Duration.ofDays(1));

    assertThat(callAs(authority.worker("w2"))).startsWith("w2");
    assertThat(serverTls.identity().certificate().getSerialNumber()).isNotEqualTo(first);
  }

  @Test
  void aNewConnectionShowsTheRenewedCertificateAndResumesNoSessionOfTheOldOne() {
    var tls = new NodeTls(authority.worker("w1"), this::now);
    var credentials = tls.channelCredentials();
    assertThat(call(channelTo(server, credentials))).isEqualTo("w1 NODE_ROLE_WORKER");
    assertThat(call(channelTo(server, credentials))).isEqualTo("w1 NODE_ROLE_WORKER");

    tls.use(authority.manager("w1"));

    assertThat(call(channelTo(server, credentials))).isEqualTo("w1 NODE_ROLE_MANAGER");
  }

  @Test
  void eachConnectionIsCheckedThoughOnesBeforeItWereTrusted() {
    var credentials = new NodeTls(authority.worker("w1"), () -> NOW).channelCredentials();
    assertThat(call(channelTo(server, credentials))).startsWith("w1");
    assertThat(call(channelTo(server, credentials))).startsWith("w1");

    now = NOW.plus(TestAuthority.EXPIRY).plusSeconds(1);

    assertThatThrownBy(() -> call(channelTo(server, credentials)))
        .isInstanceOf(StatusRuntimeException.class);
  }

  @Test
  void aJoinerRefusesAManagerOfAnotherSwarmBeforeItTellsTheSecret() {
    var token = JoinToken.create(new TestAuthority("c2", NOW).root.getDigest(), new SecureRandom());

    assertThatThrownBy(
            () ->
                Enrolment.join(
                    "127.0.0.1:" + server.getPort(),
                    token,
                    IssueCertificateRequest.getDefaultInstance()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("remote CA does not match fingerprint");
  }

  private String callAs(Identity identity) {
    return call(channelTo(server, identity));
  }

  private ManagedChannel channelTo(Server to, Identity identity) {
    return channelTo(to, new NodeTls(identity, this::now).channelCredentials());
  }

  private ManagedChannel channelTo(Server to, ChannelCredentials credentials) {
    var channel = Grpc.newChannelBuilder("127.0.0.1:" + to.getPort(), credentials).build();
    channels.add(channel);
    return channel;
  }

  private static String call(Channel channel) {
    return CertificateAuthorityGrpc.newBlockingStub(channel)
        .withDeadlineAfter(10, TimeUnit.SECONDS)
        .getRootCertificate(GetRootCertificateRequest.getDefaultInstance())
        .getCertificate();
  }

  private static final class Echo extends CertificateAuthorityGrpc.CertificateAuthorityImplBase {
    @Override
    public void getRootCertificate(
        GetRootCertificateRequest request, StreamObserver<GetRootCertificateResponse> observer) {
      var caller = Caller.current();
      observer.onNext(
          GetRootCertificateResponse.newBuilder()
              .setCertificate(caller.nodeId() + " " + caller.role())
              .build());
      observer.onCompleted();
    }
  }
}
