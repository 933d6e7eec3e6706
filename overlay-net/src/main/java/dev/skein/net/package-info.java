/// How a task is attached to the network: addresses, ports and, later, overlay networks.
@NullMarked
package dev.skein.net;

import org.jspecify.annotations.NullMarked;
