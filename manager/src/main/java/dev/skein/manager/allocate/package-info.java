/// Gives services what is the cluster's to give: published ports.
@NullMarked
package dev.skein.manager.allocate;

import org.jspecify.annotations.NullMarked;
