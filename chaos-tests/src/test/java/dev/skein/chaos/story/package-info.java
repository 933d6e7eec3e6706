/// The whole story, told by real daemons: what a user does with a cluster, and what befalls it.
@NullMarked
package dev.skein.chaos.story;

import org.jspecify.annotations.NullMarked;
