/// Tells users why things are not as they asked.
@NullMarked
package dev.skein.manager.explain;

import org.jspecify.annotations.NullMarked;
