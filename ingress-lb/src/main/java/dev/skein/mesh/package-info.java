/// The routing mesh: published ports spread over the ready replicas of the whole cluster.
@NullMarked
package dev.skein.mesh;

import org.jspecify.annotations.NullMarked;
