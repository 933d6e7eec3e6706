/// JSON as Docker's Engine API writes it, derived from the protobuf messages' descriptors.
@NullMarked
package dev.skein.api.json;

import org.jspecify.annotations.NullMarked;
