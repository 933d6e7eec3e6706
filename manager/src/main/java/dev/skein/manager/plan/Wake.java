package dev.skein.manager.plan;

import java.time.Instant;

/// A request to look at a key again at a time, whether or not it changes until then.
public record Wake(DirtyKey key, Instant at) {}
