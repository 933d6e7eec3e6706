package dev.skein.api.route;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ObjectKind;
import io.grpc.Status;
import io.grpc.StatusException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;

/// The cluster as `GET /swarm` and `GET /info` show it.
final class ClusterView {
  private final ControlClient control;

  ClusterView(ControlClient control) {
    this.control = control;
  }

  /// The one cluster object.
  Cluster read() throws StatusException, InterruptedException {
    var clusters = control.list(ObjectKind.OBJECT_KIND_CLUSTER, List.of(), false);
    if (clusters.getObjectsCount() == 0) {
      throw Status.UNAVAILABLE
          .withDescription("the swarm is still being made: try again in a moment")
          .asException();
    }
    return clusters.getObjects(0).getCluster();
  }

  /// Without the join tokens, which only `GET /swarm` shows.
  static JsonObject json(Cluster cluster) {
    var json = ProtoJson.toJson(cluster.toBuilder().clearJoinTokens().build());
    json.add("TLSInfo", tlsInfo(cluster.getRootCa().getCertificate()));
    json.addProperty("RootRotationInProgress", false);
    json.add("DefaultAddrPool", new JsonArray());
    json.addProperty("SubnetSize", 0);
    json.addProperty("DataPathPort", 0);
    return json;
  }

  private static JsonObject tlsInfo(String trustRoot) {
    var json = new JsonObject();
    if (trustRoot.isEmpty()) {
      return json;
    }
    json.addProperty("TrustRoot", trustRoot);
    try {
      var pem = new ByteArrayInputStream(trustRoot.getBytes(StandardCharsets.US_ASCII));
      var certificate =
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);
      var base64 = Base64.getEncoder();
      json.addProperty(
          "CertIssuerSubject",
          base64.encodeToString(certificate.getSubjectX500Principal().getEncoded()));
      json.addProperty(
          "CertIssuerPublicKey", base64.encodeToString(certificate.getPublicKey().getEncoded()));
    } catch (CertificateException e) {
      throw new IllegalStateException("the cluster's root certificate can't be read", e);
    }
    return json;
  }
}
