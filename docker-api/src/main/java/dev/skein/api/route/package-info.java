/// What the API answers: one class for each noun, translating HTTP and JSON to the control API.
@NullMarked
package dev.skein.api.route;

import org.jspecify.annotations.NullMarked;
