package dev.skein.cli.daemon.identity;

import dev.skein.manager.auth.NodeSubject;
import dev.skein.manager.ca.CertificateRequest;
import dev.skein.manager.ca.RootAuthority;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.RootCa;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;

/// A cluster's authority that gives identities for the asking.
final class TestAuthority {

  static final Duration EXPIRY = Duration.ofDays(90);

  private final SecureRandom random = new SecureRandom();
  private final String clusterId;
  private final Instant now;
  final RootCa root;

  TestAuthority(String clusterId, Instant now) {
    this.clusterId = clusterId;
    this.now = now;
    this.root = RootAuthority.create(now, random);
  }

  Identity manager(String nodeId) {
    return issue(nodeId, NodeRole.NODE_ROLE_MANAGER);
  }

  Identity worker(String nodeId) {
    return issue(nodeId, NodeRole.NODE_ROLE_WORKER);
  }

  private Identity issue(String nodeId, NodeRole role) {
    var keys = CertificateRequest.newKeyPair();
    var certificate =
        RootAuthority.of(root, random)
            .issue(
                CertificateRequest.create(keys),
                new NodeSubject(nodeId, role, clusterId),
                now,
                EXPIRY);
    return Identity.parse(keys.getPrivate(), certificate, root.getCertificate());
  }
}
