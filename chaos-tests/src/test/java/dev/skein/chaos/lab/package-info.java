@NullMarked
package dev.skein.chaos.lab;

import org.jspecify.annotations.NullMarked;
