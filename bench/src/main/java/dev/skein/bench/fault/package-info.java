/// How long a cluster takes to go on after a node's death.
@NullMarked
package dev.skein.bench.fault;

import org.jspecify.annotations.NullMarked;
