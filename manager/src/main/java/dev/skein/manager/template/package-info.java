/// Placeholders in what a service's tasks run, such as `{{.Task.Slot}}`.
@NullMarked
package dev.skein.manager.template;

import org.jspecify.annotations.NullMarked;
