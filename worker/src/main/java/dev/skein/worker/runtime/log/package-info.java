/// What tasks write: bounded on disk, dated by arrival, read with tail, since, until and follow.
@NullMarked
package dev.skein.worker.runtime.log;

import org.jspecify.annotations.NullMarked;
