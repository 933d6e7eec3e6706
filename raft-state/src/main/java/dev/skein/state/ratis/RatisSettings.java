package dev.skein.state.ratis;

import java.io.File;
import java.time.Duration;
import java.util.List;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.OpenSsl;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslProvider;
import org.jspecify.annotations.Nullable;

/// Our configuration in Ratis' terms. Each value that differs from Ratis' default has its reason.
final class RatisSettings {
  private RatisSettings() {}

  static RaftProperties properties(RaftConfig config, StateDirectory directory) {
    RaftProperties p = new RaftProperties();
    RaftConfigKeys.Rpc.setType(p, SupportedRpcType.GRPC);
    // Every directory explicitly: one default is under the system's temporary directory.
    RaftServerConfigKeys.setStorageDir(p, List.of(directory.raft().toFile()));
    File removed = directory.removed().toFile();
    RaftServerConfigKeys.setRemovedGroupsDir(p, removed);
    GrpcConfigKeys.Server.setHost(p, config.listenHost());
    GrpcConfigKeys.Server.setPort(p, config.self().port());
    GrpcConfigKeys.Client.setHost(p, config.listenHost());
    GrpcConfigKeys.Client.setPort(p, config.self().port());
    GrpcConfigKeys.Admin.setHost(p, config.listenHost());
    GrpcConfigKeys.Admin.setPort(p, config.self().port());
    elections(p, config.timing());
    log(p);
    resources(p);
    return p;
  }

  static Parameters parameters(RaftConfig config, PeerServices services) {
    Parameters parameters = new Parameters();
    GrpcConfigKeys.Server.setServicesCustomizer(parameters, services);
    GrpcTlsConfig tls = tls(config.tls());
    if (tls != null) {
      GrpcConfigKeys.TLS.setConf(parameters, tls);
    }
    return parameters;
  }

  /// For the connections in both directions; null for plaintext.
  static @Nullable GrpcTlsConfig tls(@Nullable RaftTls tls) {
    return tls == null
        ? null
        : GrpcTlsConfig.newBuilder()
            .setKeyManager(tls.keys())
            .setTrustManager(tls.trust())
            .setMutualTls(true)
            .setSslProvider(tlsProvider())
            .setProtocols("TLSv1.3")
            .build();
  }

  /// BoringSSL, which comes with Ratis for the usual machines, uses the processor's instructions
  /// for AES; Java does only in what C2 has compiled, which takes a hundred times as long until
  /// then.
  private static SslProvider tlsProvider() {
    return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
  }

  private static void elections(RaftProperties p, RaftTiming timing) {
    p.set(RaftServerConfigKeys.Rpc.TIMEOUT_MIN_KEY, millis(timing.electionMin()));
    p.set(RaftServerConfigKeys.Rpc.TIMEOUT_MAX_KEY, millis(timing.electionMax()));
    p.set(RaftServerConfigKeys.Rpc.FIRST_ELECTION_TIMEOUT_MIN_KEY, millis(timing.electionMin()));
    p.set(RaftServerConfigKeys.Rpc.FIRST_ELECTION_TIMEOUT_MAX_KEY, millis(timing.electionMax()));
    p.set(RaftServerConfigKeys.Rpc.REQUEST_TIMEOUT_KEY, "1s");
    p.set(RaftServerConfigKeys.Rpc.SLOWNESS_TIMEOUT_KEY, "10s");
    // A leader without a quorum steps down this soon; also the pause after which it does.
    Duration stepDown = timing.electionMin().plus(timing.electionMax()).dividedBy(2);
    p.set(RaftServerConfigKeys.LeaderElection.LEADER_STEP_DOWN_WAIT_TIME_KEY, millis(stepDown));
    p.set(RaftServerConfigKeys.LeaderElection.PRE_VOTE_KEY, "true");
    // The default gives an added member little more than a second to catch up.
    p.set(RaftServerConfigKeys.STAGING_TIMEOUT_KEY, millis(timing.membership()));
    // Else a long pause of the process closes the server for good.
    p.set(RaftServerConfigKeys.CLOSE_THRESHOLD_KEY, "3650d");
    // Ratis' own reads are not used (see RaftNode.readBarrier), but the lease also makes a paused
    // leader notice, and the default read option would be plainly wrong if one ever was.
    p.set(RaftServerConfigKeys.Read.OPTION_KEY, "LINEARIZABLE");
    p.set(RaftServerConfigKeys.Read.LEADER_LEASE_ENABLED_KEY, "true");
  }

  private static void log(RaftProperties p) {
    // Never async-flush or unsafe-flush: they acknowledge what a failing disk did not store.
    p.set(RaftServerConfigKeys.Log.LOG_METADATA_ENABLED_KEY, "false"); // An entry a commit.
    p.set(RaftServerConfigKeys.Log.CORRUPTION_POLICY_KEY, "EXCEPTION");
    p.set(RaftServerConfigKeys.Log.SEGMENT_SIZE_MAX_KEY, "8MB");
    p.set(RaftServerConfigKeys.Log.PREALLOCATED_SIZE_KEY, "4MB");
    // At least the append limit and 8 bytes.
    p.set(RaftServerConfigKeys.Log.WRITE_BUFFER_SIZE_KEY, "5MB");
    p.set(RaftServerConfigKeys.Log.SEGMENT_CACHE_NUM_MAX_KEY, "2");
    p.set(RaftServerConfigKeys.Log.SEGMENT_CACHE_SIZE_MAX_KEY, "32MB");
    p.set(RaftServerConfigKeys.Log.PURGE_GAP_KEY, "1");
    p.set(RaftServerConfigKeys.Log.PURGE_UPTO_SNAPSHOT_INDEX_KEY, "true");
    // Entries kept behind a snapshot, so that a short absence needs no snapshot transfer.
    p.set(RaftServerConfigKeys.Log.PURGE_PRESERVATION_LOG_NUM_KEY, "500");
    p.set(RaftServerConfigKeys.Log.Appender.WAIT_TIME_MIN_KEY, "0ms");
    // The default back-off makes a returning member wait 11 s for its first entry.
    p.set(RaftServerConfigKeys.Log.Appender.RETRY_POLICY_KEY, "1ms,10,200ms,20,500ms,10000");
    // SealedStateMachine takes snapshots itself, without holding up the applying of entries.
    p.set(RaftServerConfigKeys.Snapshot.AUTO_TRIGGER_ENABLED_KEY, "false");
    p.set(RaftServerConfigKeys.Snapshot.TRIGGER_WHEN_STOP_ENABLED_KEY, "false");
    p.set(RaftServerConfigKeys.Snapshot.RETENTION_FILE_NUM_KEY, "2");
  }

  private static void resources(RaftProperties p) {
    p.set(GrpcConfigKeys.MESSAGE_SIZE_MAX_KEY, "32MB");
    // Requests are made in this process and never repeated: nothing to remember for long.
    p.set(RaftServerConfigKeys.RetryCache.EXPIRY_TIME_KEY, "2s");
    p.set(RaftServerConfigKeys.ThreadPool.PROXY_SIZE_KEY, "2");
    p.set(RaftServerConfigKeys.ThreadPool.SERVER_SIZE_KEY, "8");
    p.set(RaftServerConfigKeys.ThreadPool.CLIENT_SIZE_KEY, "2");
    p.set(GrpcConfigKeys.Server.ASYNC_REQUEST_THREAD_POOL_SIZE_KEY, "2");
  }

  private static String millis(Duration duration) {
    return duration.toMillis() + "ms";
  }
}
