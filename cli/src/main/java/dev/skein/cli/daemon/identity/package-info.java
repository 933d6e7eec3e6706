/// The node's own identity: its key and certificate on disk and in use, whom it trusts, and how it
/// gets a first and every next certificate.
@NullMarked
package dev.skein.cli.daemon.identity;

import org.jspecify.annotations.NullMarked;
