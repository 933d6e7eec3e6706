/// `skein daemon`: the assembly of one node, and how it enters, leaves and changes its role in a
/// swarm.
@NullMarked
package dev.skein.cli.daemon;

import org.jspecify.annotations.NullMarked;
