/// What clients of a cluster did and were told, to be checked afterwards.
@NullMarked
package dev.skein.chaos.history;

import org.jspecify.annotations.NullMarked;
