/// Acknowledged writes a second: Skein's store, Skein's API and etcd, in turn.
@NullMarked
package dev.skein.bench.write;

import org.jspecify.annotations.NullMarked;
