# Sets java to the program of a JDK 25, or to nothing. Sourced by the launcher and by the build; it
# starts no process but one for each candidate whose version its path does not tell.
find_jdk() {
  for home in "${SKEIN_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*25* /opt/*jdk*25* "${HOME:-}"/.sdkman/candidates/java/25*; do
    java=$home/bin/java
    [ -n "$home" ] && [ -x "$java" ] && [ -f "$home/release" ] || continue
    while IFS= read -r line; do
      case $line in JAVA_VERSION=\"25[.\"]*) return 0 ;; esac
    done <"$home/release"
  done
  java=$(command -v java 2>/dev/null) || java=
  if [ -n "$java" ]; then
    case $("$java" -version 2>&1) in *\"25[.\"]*) return 0 ;; esac
  fi
  java=
  return 1
}
