/// A manager node: control API, planners, dispatcher and certificate authority.
@NullMarked
package dev.skein.manager;

import org.jspecify.annotations.NullMarked;
