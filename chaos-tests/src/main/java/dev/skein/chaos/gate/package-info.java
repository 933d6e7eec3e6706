/// The gate: a run of many faults against a lab under load that a build must pass.
@NullMarked
package dev.skein.chaos.gate;

import org.jspecify.annotations.NullMarked;
