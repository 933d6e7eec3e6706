/// The leader's control loop: commits mark keys dirty, planners turn them into changes.
@NullMarked
package dev.skein.manager.loop;

import org.jspecify.annotations.NullMarked;
