package dev.skein.manager.rpc;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// The connections to managers, one an address, opened when first asked for. Thread-safe.
public final class ManagerChannels implements AutoCloseable {

  /// The largest message that one call may carry; an answer that could exceed it is streamed.
  public static final int MESSAGE_BYTES_MAX = 8 * 1024 * 1024;

  private static final int KEEP_ALIVE_SECONDS = 10;
  private static final int KEEP_ALIVE_TIMEOUT_SECONDS = 3;

  private final ChannelCredentials credentials;
  private final Map<String, ManagedChannel> channels = new HashMap<>();
  private boolean closed;

  public ManagerChannels(ChannelCredentials credentials) {
    this.credentials = credentials;
  }

  /// The channel to the manager at `address` (`host:port`).
  public synchronized ManagedChannel to(String address) {
    if (closed) {
      throw new IllegalStateException("the connections to managers are closed");
    }
    return channels.computeIfAbsent(
        address,
        target ->
            Grpc.newChannelBuilder(target, credentials)
                .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .build());
  }

  /// Closes the connections to addresses that are no manager's any more.
  public synchronized void retain(Set<String> addresses) {
    var gone = channels.entrySet().iterator();
    while (gone.hasNext()) {
      var entry = gone.next();
      if (!addresses.contains(entry.getKey())) {
        entry.getValue().shutdown();
        gone.remove();
      }
    }
  }

  /// Gives out new channels from now on, with handshakes of their own: a channel's later
  /// connections resume its TLS session, and so the certificate that it began with. Calls under way
  /// go on.
  public synchronized void renew() {
    channels.values().forEach(ManagedChannel::shutdown);
    channels.clear();
  }

  /// Ends every connection and the calls on it.
  @Override
  public synchronized void close() {
    closed = true;
    channels.values().forEach(ManagedChannel::shutdownNow);
    channels.clear();
  }
}
