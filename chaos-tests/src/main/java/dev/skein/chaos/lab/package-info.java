/// A cluster of real daemons on one machine, and what can be done to its nodes. The vocabulary of
/// experiments: [dev.skein.chaos.lab.Lab], [dev.skein.chaos.lab.LabNode],
/// [dev.skein.chaos.lab.Condition].
@NullMarked
package dev.skein.chaos.lab;

import org.jspecify.annotations.NullMarked;
