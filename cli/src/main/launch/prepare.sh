#!/bin/sh
# Makes what the launcher needs, at package time: the ahead-of-time cache of the client, and the file
# that names it. Usage: prepare.sh TARGET
#
# The cache's name has the hash of the jars, because a JVM may run stale classes from the cache of a
# jar that has changed. Its class path and collector must be those of the launcher. A cache that
# can't be made is not fatal: the client then starts more slowly.
set -eu
target=$(cd "$1" && pwd)
. "$(dirname "$0")/find-jdk.sh"

rm -f "$target"/client-*.aot "$target"/client-*.aot.tmp "$target/launch.sh"
find_jdk || { echo "prepare.sh: no JDK 25 found: install one, or set SKEIN_JAVA_HOME" >&2; exit 1; }

gson=$(ls "$target"/lib/gson-*.jar)
picocli=$(ls "$target"/lib/picocli-*.jar)
client=$target/skein-cli.jar:$gson:$picocli
hash=$(cat "$target/skein-cli.jar" "$gson" "$picocli" | cksum | tr ' ' -)
cache=$target/client-$hash.aot
"$java" -XX:AOTCacheOutput="$cache.tmp" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms24m -Xmx64m \
  -Xlog:disable -Djdk.reflect.useNativeAccessorOnly=true -Dskein.terminal=true -cp "$client" dev.skein.cli.train.Train >/dev/null 2>&1 || true
if [ -s "$cache.tmp" ]; then
  mv "$cache.tmp" "$cache"
else
  echo "prepare.sh: no start-up cache could be made; skein will start more slowly" >&2
  cache=
fi

# The daemon's cache is made from a run of a real daemon; where that has left one, it is used.
{
  echo "gson=${gson##*/}"
  echo "picocli=${picocli##*/}"
  echo "client_cache=${cache##*/}"
  echo "built_with='$java'"
} >"$target/launch.sh.tmp"
mv "$target/launch.sh.tmp" "$target/launch.sh"
