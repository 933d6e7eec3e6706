package dev.skein.state.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.state.ratis.TestCluster.Member;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who may talk to the Raft port.
final class RaftSecurityTest {
  @TempDir Path root;
  @TempDir Path keys;

  @Test
  void membersTalkOverMutualTlsAndAForeignCertificateStaysOut() throws Exception {
    TestCertificates certificates = new TestCertificates(keys);
    TestCluster cluster = new TestCluster(root, "c1");
    try (cluster) {
      cluster.tls = certificates::member;
      cluster.bootstrap(3);
      cluster.put("a", "1");
      cluster.awaitEverywhere("a", "1");

      RaftTls foreign = certificates.stranger("m9");
      cluster.tls = any -> foreign;
      Member stranger = cluster.joiner("m9");
      cluster.members.remove("m9");
      try {
        RaftNode leader = cluster.awaitLeader().node;
        var added = leader.addPeer(stranger.id);
        // The change can only end by its timeout: nobody ever reaches the stranger.
        for (int i = 0; i < 20; i++) {
          cluster.put("b", Integer.toString(i));
        }
        assertThat(added.isDone() && !added.isCompletedExceptionally()).isFalse();
        assertThat(stranger.machine.values()).isEmpty();
        assertThat(stranger.node.leader()).isEmpty();
        try (TermService asking =
            new TermService("m9", () -> null, RatisSettings.tls(foreign), System::nanoTime)) {
          assertThatThrownBy(() -> asking.term(cluster.awaitLeader().id).get(5, TimeUnit.SECONDS))
              .hasStackTraceContaining("UNAVAILABLE");
        }
        assertThat(cluster.awaitLeader().node.members()).hasSize(3);
      } finally {
        cluster.stop(stranger);
      }
    }
  }

  @Test
  void ratisOwnClientAndAdministrationServicesAreRefused() throws Exception {
    TestCertificates certificates = new TestCertificates(keys);
    TestCluster cluster = new TestCluster(root, "c1");
    try (cluster) {
      RaftTls[] identity = new RaftTls[1];
      cluster.tls = name -> identity[0] = certificates.member(name);
      cluster.bootstrap(1);
      cluster.put("a", "1");
      RaftMember member = cluster.awaitLeader().id;
      RaftGroupId group =
          RaftGroupId.valueOf(StateDirectory.read(cluster.directory("m1")).groupId());
      Parameters parameters = new Parameters();
      GrpcConfigKeys.TLS.setConf(
          parameters,
          GrpcTlsConfig.newBuilder()
              .setKeyManager(identity[0].keys())
              .setTrustManager(identity[0].trust())
              .setMutualTls(true)
              .setSslProvider(SslProvider.JDK)
              .build());
      RaftPeer peer = Membership.peer(member);
      try (RaftClient client =
          RaftClient.newBuilder()
              .setRaftGroup(RaftGroup.valueOf(group, List.of(peer)))
              .setProperties(new RaftProperties())
              .setParameters(parameters)
              .setRetryPolicy(RetryPolicies.noRetry())
              .build()) {
        // Not the asynchronous client: it may report that it was closed by the refusal.
        assertThatThrownBy(() -> client.io().send(Message.valueOf("x=y")))
            .hasStackTraceContaining("PERMISSION_DENIED");
        assertThatThrownBy(() -> client.getGroupManagementApi(peer.getId()).list())
            .hasStackTraceContaining("PERMISSION_DENIED");
      }
      assertThat(cluster.awaitLeader().machine.values()).hasSize(1);
    }
  }
}
