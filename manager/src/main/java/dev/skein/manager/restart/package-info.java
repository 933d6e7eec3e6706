/// Replaces tasks that ended, whose node is lost, or that may not stay where they are.
@NullMarked
package dev.skein.manager.restart;

import org.jspecify.annotations.NullMarked;
