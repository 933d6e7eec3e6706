package dev.skein.api;

import dev.skein.proto.v1.InitRequest;
import dev.skein.proto.v1.JoinRequest;
import dev.skein.proto.v1.LocalNodeInfo;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.state.ClusterState;
import org.jspecify.annotations.Nullable;

/// What the API asks of its own daemon, whether or not it is in a swarm.
///
/// Called from many virtual threads at once. `info`, `description` and `replica` answer from memory
/// and never block; the others block until they are done and throw {@link ApiException} with what
/// the user should read.
public interface LocalNode {
  /// What this node is now.
  LocalNodeInfo info();

  /// What this machine has: host name, platform, resources, version, capabilities.
  NodeDescription description();

  /// A manager's own copy of the replicated state, which may be behind the leader's; null on what
  /// is no manager.
  @Nullable ClusterState replica();

  /// Makes this node the first manager of a new swarm (or, with `force_new_cluster`, the only
  /// manager of the old one) and returns its node id. 503 when it already is a member.
  String init(InitRequest request) throws InterruptedException;

  /// Joins a swarm and returns once joined. 503 when it already is a member or no manager answers,
  /// 500 for a malformed token, 400 for a wrong secret.
  void join(JoinRequest request) throws InterruptedException;

  /// Leaves the swarm. 503 when it is in none, or is a manager and `force` is false.
  void leave(boolean force) throws InterruptedException;
}
