package dev.skein.state.ratis;

/// A record that a quorum stored and this node applied.
///
/// @param index Raft index of the entry that holds it
/// @param result what the machine returned for it
public record Applied(long index, Object result) {}
