package dev.skein.manager.dispatch;

import dev.skein.state.WatchEvent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Follows the sessions of a leadership, on the dispatcher's thread; must return soon.
public interface DispatchListener {

  /// A node has opened its session.
  void sessionOpened(String nodeId);

  /// A node's session has ended.
  void sessionClosed(String nodeId);

  /// The replicated state has changed.
  void changed(WatchEvent event);

  /// Time has passed.
  void tick(Instant now);

  /// When it wants a [#tick] at the latest, or null.
  @Nullable Instant wakeAt();

  /// This manager no longer leads.
  void ended();
}
