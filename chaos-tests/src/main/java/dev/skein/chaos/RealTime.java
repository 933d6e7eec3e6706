package dev.skein.chaos;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks the few classes that read the real clocks and streams, because what they deal with is real
/// daemons, or how long a command takes. What is simulated has none.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface RealTime {}
