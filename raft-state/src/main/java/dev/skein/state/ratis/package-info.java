/// Replication of opaque records with Raft, over Apache Ratis: one entry holds one or more records,
/// sealed before it is logged. Knows nothing of the cluster's objects.
@NullMarked
package dev.skein.state.ratis;

import org.jspecify.annotations.NullMarked;
