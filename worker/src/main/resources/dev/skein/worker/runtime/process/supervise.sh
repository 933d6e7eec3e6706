# Starts one task, waits for it and records how it ended; outlives the daemon that started it.
#
#   supervise.sh DIRECTORY COUNT CGROUP... WORKDIR COMMAND...
#
# Prints "started PID START SUPERVISOR START" (start times in ticks since boot) before it executes the
# command, or why it cannot. Both records are written in place, into files that exist already: a full
# disk cannot lose an exit code.
{
  # Handlers, so that a signal to the whole group does not end this shell; ignoring would be inherited.
  trap : HUP INT QUIT TERM USR1 USR2
  directory=$1
  # Nobody reads this shell's own output for long: what it says about a killed child would kill it.
  exec 3>&1 >/dev/null 2>&1
  (
    exec >&3 2>&3 3>&-
    # The daemon may die before it has read the line below.
    trap '' PIPE
    count=$2
    shift 2
    while [ "$count" -gt 0 ]; do
      echo 0 >"$1/cgroup.procs" || exit 125
      shift
      count=$((count - 1))
    done
    cd -- "$1" || exit 125
    shift
    # A command's name in parentheses is field 2; this shell's has no space.
    read -r pid _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ </proc/self/stat
    read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ supervisor _ </proc/$$/stat
    started="started $pid $start $$ $supervisor"
    printf '%s\n' "$started" 1<>"$directory/status" || exit 125
    printf '%s\n' "$started"
    trap - PIPE
    exec "$@" </dev/null >>"$directory/log/stdout" 2>>"$directory/log/stderr"
  )
  printf 'exited %3d\n' "$?" 1<>"$directory/exit"
  exit
}
