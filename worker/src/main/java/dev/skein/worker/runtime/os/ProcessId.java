package dev.skein.worker.runtime.os;

/// One process for as long as the machine runs: its number may be used again, but not with the same
/// start time.
///
/// @param pid the process number
/// @param startTicks field 22 of `/proc/PID/stat`, in clock ticks since boot
public record ProcessId(long pid, long startTicks) {}
