/// The routing mesh beside a direct connection and HAProxy.
@NullMarked
package dev.skein.bench.mesh;

import org.jspecify.annotations.NullMarked;
