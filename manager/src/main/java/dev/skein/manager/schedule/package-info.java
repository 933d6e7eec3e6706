/// Finds nodes for tasks, and says why when there are none.
@NullMarked
package dev.skein.manager.schedule;

import org.jspecify.annotations.NullMarked;
