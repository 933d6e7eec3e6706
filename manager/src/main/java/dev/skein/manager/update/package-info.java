/// Rolls a service's tasks from one revision of its spec to another.
@NullMarked
package dev.skein.manager.update;

import org.jspecify.annotations.NullMarked;
