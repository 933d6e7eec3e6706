package dev.skein.manager;

import dev.skein.state.ratis.RaftConfig;
import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/// What a manager is made of besides its state.
///
/// @param nodeId this node
/// @param listen where it serves other nodes
/// @param raft its place in the Raft group
/// @param server this node's side of the connections that it accepts; a caller may come without a
///     certificate
/// @param client this node's side of the connections that it opens to other managers
/// @param clock dates what is written
/// @param steadyClock never jumps: judges how long a node has been silent
public record ManagerConfig(
    String nodeId,
    InetSocketAddress listen,
    RaftConfig raft,
    ServerCredentials server,
    ChannelCredentials client,
    InstantSource clock,
    InstantSource steadyClock,
    LongSupplier nanoTime,
    SecureRandom random) {}
