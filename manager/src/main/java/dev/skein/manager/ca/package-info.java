/// The cluster's certificate authority: its root, join tokens, and the certificates of nodes.
@NullMarked
package dev.skein.manager.ca;

import org.jspecify.annotations.NullMarked;
