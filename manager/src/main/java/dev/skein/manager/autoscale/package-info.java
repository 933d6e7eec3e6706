/// Changes the number of a service's replicas by what is asked of it.
@NullMarked
package dev.skein.manager.autoscale;

import org.jspecify.annotations.NullMarked;
