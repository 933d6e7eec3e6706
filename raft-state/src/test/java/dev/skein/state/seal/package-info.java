/// Sealing and the key file.
@NullMarked
package dev.skein.state.seal;

import org.jspecify.annotations.NullMarked;
