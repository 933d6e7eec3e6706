/// Planning and assigning many replicas onto many workers.
@NullMarked
package dev.skein.bench.assign;

import org.jspecify.annotations.NullMarked;
