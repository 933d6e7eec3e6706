/// Encryption at rest: data keys, sealing of single records and of streams, and the file that keeps
/// the data keys wrapped.
@NullMarked
package dev.skein.state.seal;

import org.jspecify.annotations.NullMarked;
