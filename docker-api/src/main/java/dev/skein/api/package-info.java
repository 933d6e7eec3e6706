/// The public API: Docker's Engine API (swarm part) and Skein's extensions, over HTTP and JSON.
@NullMarked
package dev.skein.api;

import org.jspecify.annotations.NullMarked;
