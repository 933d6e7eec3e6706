/// What the commands print: tables, templates, JSON, and quantities as people read them.
@NullMarked
package dev.skein.cli.format;

import org.jspecify.annotations.NullMarked;
