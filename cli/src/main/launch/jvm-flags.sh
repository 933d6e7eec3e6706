# The JVM's flags for each kind of program: the launcher starts them with these, and the start-up
# caches are made with these, because a cache serves only the collector and class path of its making.
server_flags='--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow'
# Without relocation a cache is mapped as it is, and its pages are shared.
daemon_flags="-XX:+UseSerialGC -XX:+UseCompactObjectHeaders -Xms24m -Xmx256m -Xmn8m -XX:MinHeapFreeRatio=10
  -XX:MaxHeapFreeRatio=30 -XX:ReservedCodeCacheSize=64m -XX:TrimNativeHeapInterval=10000
  -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 -XX:+ExitOnOutOfMemoryError $server_flags"
client_flags='-XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms24m -Xmx64m -Xlog:disable
  -Djdk.reflect.useNativeAccessorOnly=true'
