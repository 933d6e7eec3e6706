/// Times that recur, by cron expressions.
@NullMarked
package dev.skein.manager.cron;

import org.jspecify.annotations.NullMarked;
