/// Clusters that are known by their API, and the node that this process runs on.
@NullMarked
package dev.skein.chaos.host;

import org.jspecify.annotations.NullMarked;
