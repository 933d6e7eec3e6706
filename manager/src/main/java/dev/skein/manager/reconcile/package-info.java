/// Makes as many tasks as a service asks for, and no more.
@NullMarked
package dev.skein.manager.reconcile;

import org.jspecify.annotations.NullMarked;
