/// What is used in the cluster, as far as nodes have told this leader.
@NullMarked
package dev.skein.manager.stats;

import org.jspecify.annotations.NullMarked;
