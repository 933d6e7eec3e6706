/// The few Linux facilities that the JDK does not offer, and `/proc`.
@NullMarked
package dev.skein.worker.runtime.os;

import org.jspecify.annotations.NullMarked;
