/// What planners are made of: what changed, what to change, and when to look again.
@NullMarked
package dev.skein.manager.plan;

import org.jspecify.annotations.NullMarked;
