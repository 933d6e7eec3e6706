#!/bin/sh
# Makes what the launcher needs, at package time: the ahead-of-time caches of the client and of the
# daemon, and the file that names them. Usage: prepare.sh TARGET
#
# A cache's name has the hash of the jars, because a JVM may run stale classes from the cache of a jar
# that has changed. A cache that can't be made is not fatal: what it is for then starts more slowly.
set -eu
target=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/find-jdk.sh"
. "$here/jvm-flags.sh"

rm -f "$target"/client-*.aot* "$target"/daemon-*.aot* "$target/launch.sh"
find_jdk || { echo "prepare.sh: no JDK 25 found: install one, or set SKEIN_JAVA_HOME" >&2; exit 1; }

gson=$(ls "$target"/lib/gson-*.jar)
picocli=$(ls "$target"/lib/picocli-*.jar)
client_jars=$target/skein-cli.jar:$gson:$picocli
"$java" -cp "$picocli" "$here/AddStackMaps.java" "$picocli"
# Netty makes a provider of Bouncy Castle's wherever it finds one, which costs a start a tenth of a
# second. Certificates are made without.
for signed in "$target"/lib/bc*.jar; do
  "$java" "$here/Unsign.java" "$signed" org.bouncycastle.jce.provider.BouncyCastleProvider
done

hash() {
  cat "$@" | cksum | tr ' ' -
}

# keep CACHE: takes over what a training run has left.
keep() {
  if [ -s "$1.tmp" ]; then
    mv "$1.tmp" "$1"
  else
    echo "prepare.sh: $1 could not be made; skein will start more slowly" >&2
  fi
}

client_cache=$target/client-$(hash "$target/skein-cli.jar" "$gson" "$picocli").aot
# shellcheck disable=SC2086 # Flags are words.
"$java" "-XX:AOTCacheOutput=$client_cache.tmp" $client_flags -Dskein.terminal=true -cp "$client_jars" \
  dev.skein.cli.train.Train >/dev/null 2>&1 || true
keep "$client_cache"

# The daemon is trained by the life of a small cluster: founded, joined by a second manager, given a
# service, and left.
daemon_cache=$target/daemon-$(hash "$target/skein-cli.jar" "$target"/lib/*.jar).aot
work=$(mktemp -d)
trained=
second=
finish() {
  for pid in $trained $second; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
network=127.89.$(($$ / 200 % 200))

# daemon NAME [FLAG]: runs a daemon of the training cluster; on C1 alone, or the cache would hold
# profiles, by which C2 compiles so much so early that a start takes half as long again.
daemon() {
  name=$1
  shift
  # shellcheck disable=SC2086
  exec "$java" "$@" $daemon_flags -XX:TieredStopAtLevel=1 -cp "$target/skein-cli.jar:$target/lib/*" dev.skein.cli.Main daemon \
    --socket "$work/$name.sock" --data-root "$work/$name" --hostname "$name" >"$work/$name.log" 2>&1
}

# client NAME WORD...: a command at one of the daemons.
client() {
  socket=$work/$1.sock
  shift
  # shellcheck disable=SC2086
  "$java" "-XX:AOTCache=$client_cache" $client_flags -cp "$client_jars" dev.skein.cli.Main \
    -H "unix://$socket" "$@"
}

# until_ok COMMAND...: tries for half a minute.
until_ok() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || return 1
    sleep 0.3
  done
}

train() {
  until_ok client a info && until_ok client b info || return 1
  client a swarm init --advertise-addr "$network.1" --listen-addr "$network.1" || return 1
  token=$(client a swarm join-token -q manager) || return 1
  client b swarm join --token "$token" --advertise-addr "$network.2" --listen-addr "$network.2" "$network.1:2377" || return 1
  client a service create --name train --replicas 2 --publish 8000:80 --detach --process -- sleep 1000
  until_ok running
  for words in 'service ps train' 'service ls' 'node ls' 'service inspect train' 'service logs train' \
    'service scale --detach train=3' 'service update --detach --env-add A=B train' 'events --since 1 --until 1' \
    'service rm train' 'node demote b'; do
    # shellcheck disable=SC2086
    client a $words
  done
  until_ok demoted
}

# Ends the tasks, too, however far it came.
leave() {
  client b swarm leave --force
  client a swarm leave --force
} >>"$work/train.log" 2>&1

running() {
  [ "$(client a service ps train --format '{{.CurrentState}}' | grep -c '^Running')" = 2 ]
}

demoted() {
  client b node ls 2>&1 | grep -q 'not a swarm manager'
}

daemon a "-XX:AOTCacheOutput=$daemon_cache.tmp" &
trained=$!
daemon b &
second=$!
if train >"$work/train.log" 2>&1; then
  leave || true
  # The cache is written at its end.
  kill "$trained" && wait "$trained" || true
  trained=
else
  leave || true
  cat "$work/train.log" "$work"/?.log >&2
fi
keep "$daemon_cache"

{
  echo "gson=${gson##*/}"
  echo "picocli=${picocli##*/}"
  echo "client_cache=${client_cache##*/}"
  echo "daemon_cache=${daemon_cache##*/}"
  echo "built_with='$java'"
} >"$target/launch.sh.tmp"
mv "$target/launch.sh.tmp" "$target/launch.sh"
