package dev.skein.state.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log;
import org.apache.ratis.server.RaftServerConfigKeys.Read;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What Ratis reads from our settings.
final class RatisSettingsTest {
  @TempDir Path root;

  @Test
  void nothingIsAcknowledgedBeforeItIsFlushedAndDamageIsNoWarning() throws Exception {
    RaftMember member = new RaftMember("m1", "127.0.0.1", 4242);
    try (TestCluster cluster = new TestCluster(root, "c1")) {
      RaftConfig config = cluster.config(member, List.of(member));
      RaftProperties used = RatisSettings.properties(config, StateDirectory.open(config));
      assertThat(Log.asyncFlushEnabled(used)).isFalse();
      assertThat(Log.unsafeFlushEnabled(used)).isFalse();
      assertThat(Log.corruptionPolicy(used)).isEqualTo(Log.CorruptionPolicy.EXCEPTION);
      assertThat(Read.option(used)).isEqualTo(Read.Option.LINEARIZABLE);
      // No directory may be one of the defaults, of which one is the system's temporary directory.
      assertThat(RaftServerConfigKeys.storageDir(used))
          .allMatch(directory -> directory.toPath().startsWith(root));
      assertThat(RaftServerConfigKeys.removedGroupsDir(used).toPath().startsWith(root)).isTrue();
    }
  }
}
