/// Forgets what is over.
@NullMarked
package dev.skein.manager.reap;

import org.jspecify.annotations.NullMarked;
