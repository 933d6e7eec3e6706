package dev.skein.chaos.history;

/// A manager's own copy of the state at one moment.
///
/// @param index of the last entry that it had applied
/// @param digest of all its objects
public record Copy(String manager, long index, String digest) {}
