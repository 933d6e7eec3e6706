/// The replicated cluster state: immutable protobuf messages in persistent maps, and the pure
/// functions over them.
@NullMarked
package dev.skein.state;

import org.jspecify.annotations.NullMarked;
