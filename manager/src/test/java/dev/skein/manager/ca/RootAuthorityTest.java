package dev.skein.manager.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.manager.auth.NodeSubject;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.RootCa;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RootAuthorityTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration EXPIRY = Duration.ofDays(90);
  private static final NodeSubject SUBJECT = new NodeSubject("n1", NodeRole.NODE_ROLE_WORKER, "c1");

  private final SecureRandom random = new SecureRandom();
  private final RootCa root = RootAuthority.create(NOW, random);
  private final RootAuthority authority = RootAuthority.of(root, random);

  @Test
  void anIssuedCertificateIsOfTheRootAndSaysWhoTheNodeIs() throws Exception {
    var request = CertificateRequest.create(CertificateRequest.newKeyPair());

    var issued = Pem.certificates(authority.issue(request, SUBJECT, NOW, EXPIRY)).getFirst();

    issued.verify(Pem.certificates(root.getCertificate()).getFirst().getPublicKey());
    assertThat(NodeSubject.of(issued)).isEqualTo(SUBJECT);
    assertThat(issued.getNotAfter().toInstant()).isEqualTo(NOW.plus(EXPIRY));
    assertThat(issued.getNotBefore().toInstant()).isEqualTo(NOW.minus(Duration.ofHours(1)));
    assertThat(issued.getBasicConstraints()).isEqualTo(-1);
  }

  @Test
  void aRequestThatDoesNotProvePossessionIsRefused() {
    var request = CertificateRequest.create(CertificateRequest.newKeyPair());
    var der = Pem.decode(Pem.CERTIFICATE_REQUEST, request);
    der[der.length - 1] ^= 1;
    var forged = Pem.encode(Pem.CERTIFICATE_REQUEST, der);

    assertThatThrownBy(() -> authority.issue(forged, SUBJECT, NOW, EXPIRY))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatIsNotARequestIsRefused() {
    assertThatThrownBy(() -> authority.issue("hello", SUBJECT, NOW, EXPIRY))
        .hasMessageContaining("not a PEM text of type CERTIFICATE REQUEST");
    assertThatThrownBy(() -> authority.issue("x".repeat(10_000), SUBJECT, NOW, EXPIRY))
        .hasMessageContaining("the limit is 8192");
  }

  @Test
  void aRootIsNotANodesCertificate() {
    assertThatThrownBy(() -> NodeSubject.of(Pem.certificates(root.getCertificate()).getFirst()))
        .hasMessageContaining("not a node's certificate");
  }

  @Test
  void aTokenIsForItsRootOnly() {
    var token = JoinToken.create(root.getDigest(), random);
    var other = RootAuthority.create(NOW, random);

    assertThat(token.toString()).matches("SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}");
    assertThat(JoinToken.parse(token.toString())).isEqualTo(token);
    assertThat(token.isFor(root.getCertificate())).isTrue();
    assertThat(token.isFor(other.getCertificate())).isFalse();
    assertThat(token.matches(token.toString())).isTrue();
    assertThat(token.matches(JoinToken.create(root.getDigest(), random).toString())).isFalse();
  }

  @Test
  void aMalformedTokenIsRefusedWithoutRepeatingIt() {
    for (var text : new String[] {"", "SWMTKN-1-", "SWMTKN-1-abc-def", "SWMTKN-2-x-y", "secret"}) {
      assertThatThrownBy(() -> JoinToken.parse(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("invalid join token");
    }
  }
}
