/// Who calls: the certificate's subject, and which role may call which RPC.
@NullMarked
package dev.skein.manager.auth;

import org.jspecify.annotations.NullMarked;
