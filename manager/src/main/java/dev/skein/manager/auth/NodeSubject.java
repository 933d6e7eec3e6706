package dev.skein.manager.auth;

import dev.skein.proto.v1.NodeRole;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.security.auth.x500.X500Principal;

/// The subject of a node's certificate: node id in the CN, role in the OU, cluster id in the O, as
/// SwarmKit lays it out.
public record NodeSubject(String nodeId, NodeRole role, String clusterId) {

  private static final String MANAGER = "swarm-manager";
  private static final String WORKER = "swarm-worker";

  /// Reads the subject of `certificate`.
  ///
  /// @throws IllegalArgumentException if it is not a node's certificate
  public static NodeSubject of(X509Certificate certificate) {
    var name = certificate.getSubjectX500Principal().getName();
    var parts = new HashMap<String, String>();
    try {
      for (var rdn : new LdapName(name).getRdns()) {
        if (parts.put(rdn.getType(), String.valueOf(rdn.getValue())) != null) {
          throw new IllegalArgumentException("subject with two " + rdn.getType() + ": " + name);
        }
      }
    } catch (InvalidNameException e) {
      throw new IllegalArgumentException("unreadable subject: " + name, e);
    }
    var nodeId = parts.get("CN");
    var clusterId = parts.get("O");
    var role = parts.get("OU");
    if (nodeId == null || clusterId == null || role == null) {
      throw new IllegalArgumentException("not a node's certificate: " + name);
    }
    return new NodeSubject(
        nodeId,
        switch (role) {
          case MANAGER -> NodeRole.NODE_ROLE_MANAGER;
          case WORKER -> NodeRole.NODE_ROLE_WORKER;
          default -> throw new IllegalArgumentException("unknown role \"" + role + "\": " + name);
        },
        clusterId);
  }

  /// The role as it stands in the OU.
  public String organizationalUnit() {
    return role == NodeRole.NODE_ROLE_MANAGER ? MANAGER : WORKER;
  }

  public X500Principal toPrincipal() {
    return new X500Principal("CN=" + nodeId + ",OU=" + organizationalUnit() + ",O=" + clusterId);
  }
}
