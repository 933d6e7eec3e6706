package dev.skein.net;

/// A port of an attached task.
///
/// @param request what was asked
/// @param port the port on the node that the task has to listen on
public record AssignedPort(PortRequest request, int port) {}
