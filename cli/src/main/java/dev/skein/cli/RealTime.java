package dev.skein.cli;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks the assembly of the program: the only classes that may read the real clocks, real
/// randomness and the process's standard streams. Everything else is given them, so that tests can
/// move time and replay a run.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface RealTime {}
