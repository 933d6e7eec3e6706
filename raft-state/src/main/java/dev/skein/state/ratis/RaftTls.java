package dev.skein.state.ratis;

import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// Mutual TLS 1.3 between members. Both managers are asked at every handshake, so their owner can
/// rotate certificates without a restart; the trust manager alone decides who is a member.
public record RaftTls(X509ExtendedKeyManager keys, X509ExtendedTrustManager trust) {}
