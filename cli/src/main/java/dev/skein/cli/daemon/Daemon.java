package dev.skein.cli.daemon;

import dev.skein.api.ApiConfig;
import dev.skein.api.ApiServer;
import dev.skein.state.seal.DurableFile;
import java.io.IOException;
import java.security.SecureRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One node's daemon: its control socket, and the node behind it.
final class Daemon implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

  private final DaemonLock lock;
  private final NodeLifecycle node;
  private final ApiServer api;

  /// Starts it all; a node that was a member comes back as one.
  ///
  /// @param version what the API shows
  /// @param die ends the process at once, because going on would not be safe
  /// @throws IOException if the data cannot be used, or a socket or port is taken
  Daemon(DaemonOptions options, String version, Runnable die) throws IOException {
    var files = new DaemonFiles(options.dataRoot());
    var random = new SecureRandom();
    DurableFile.createDirectories(files.root());
    lock = DaemonLock.take(files.lock());
    try {
      var control = new SwitchedChannel();
      node =
          new NodeLifecycle(
              options, files, new LocalWorkers(options, files, version), control, random, die);
      var config = ApiConfig.of(options.socket(), options.dataRoot(), version);
      var tls = options.apiTls();
      try {
        node.resume();
        api =
            new ApiServer(
                tls == null ? config : config.withTls(tls),
                control,
                node,
                SystemClock.WALL,
                random);
      } catch (IOException | RuntimeException e) {
        node.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
    LOG.info("listening on unix://{}", options.socket());
    Thread.ofVirtual().name("api-warm-up").start(api::warmUp);
  }

  /// Stops serving. Tasks go on; a daemon started again takes them over.
  @Override
  public void close() throws IOException {
    api.close();
    node.close();
    lock.close();
  }
}
