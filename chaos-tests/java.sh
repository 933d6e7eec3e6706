# Sourced by the scripts beside it: finds a JDK 25 and builds the class path, if a source is newer.
# Sets java and classpath; needs top, the checkout, and name, for messages.
java=${SKEIN_JAVA_HOME:-}
for home in "$java" "${JAVA_HOME:-}" /usr/lib/jvm/temurin-25-jdk* /usr/lib/jvm/java-25-openjdk* /usr/lib/jvm/jdk-25*; do
  if [ -x "$home/bin/java" ] && "$home/bin/java" -version 2>&1 | grep -q 'version "25'; then
    java=$home/bin/java
    break
  fi
done
if [ ! -x "$java" ]; then
  echo "$name: no JDK 25 found: set JAVA_HOME to one" >&2
  exit 125
fi
listed=$top/chaos-tests/target/simulate.classpath
if [ ! -f "$listed" ] || [ -n "$(find "$top" -path '*/src/main/*' -name '*.java' -newer "$listed" -print -quit)" ]; then
  (cd "$top" && mvn -q -pl chaos-tests -am -DskipTests package \
    org.apache.maven.plugins:maven-dependency-plugin:3.11.0:build-classpath \
    -Dmdep.outputFile="$listed.part" -Dmdep.regenerateFile=true) >&2
  mv "$listed.part" "$listed"
fi
classpath=$top/chaos-tests/target/classes:$(cat "$listed")
