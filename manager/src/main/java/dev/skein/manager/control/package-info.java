/// The control API on the leader: what users may ask ([Admission] decides), what they see, and the
/// events of what happened.
@NullMarked
package dev.skein.manager.control;

import org.jspecify.annotations.NullMarked;
