/// How a call reaches the leader from any manager.
@NullMarked
package dev.skein.manager.rpc;

import org.jspecify.annotations.NullMarked;
