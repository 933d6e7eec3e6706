package dev.skein.cli.daemon;

import dev.skein.api.ApiConfig;
import dev.skein.proto.v1.GenericResource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the user said when starting the daemon.
///
/// @param socket the control socket
/// @param apiTls where the API is served over TLS as well; null: nowhere
/// @param dataRoot where all state is kept
/// @param hostname the name this node shows
/// @param labels engine labels, for placement
/// @param genericResources what this node has besides CPU and memory, for reservations
/// @param programs where tasks find programs besides the system's directories
public record DaemonOptions(
    Path socket,
    ApiConfig.@Nullable Tls apiTls,
    Path dataRoot,
    String hostname,
    Map<String, String> labels,
    List<GenericResource> genericResources,
    List<Path> programs) {}
