package dev.skein.manager.dispatch;

import dev.skein.proto.v1.NodeStats;
import java.time.Instant;
import java.util.List;

/// Takes what agents say is used and wanted, on the dispatcher's thread; must return soon.
public interface MeasurementListener {

  /// A node has told what is used there.
  ///
  /// @param now by the dispatcher's clock
  void measured(String nodeId, NodeStats stats, Instant now);

  /// Clients wait for these services, which have no replica.
  void wanted(List<String> serviceIds);
}
