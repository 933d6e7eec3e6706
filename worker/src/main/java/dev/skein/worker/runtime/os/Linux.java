package dev.skein.worker.runtime.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.io.Serial;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Optional;

/// System calls that the JDK has no API for, by `java.lang.foreign`. Stateless and safe for any
/// thread.
///
/// Absent ([#available] is empty) on another system than Linux and when the JVM was told to refuse
/// native access; every user has a slower way then.
public final class Linux {

  /// `EPOLLIN | EPOLLONESHOT`: tell once when a descriptor is readable.
  private static final int EPOLL_ONCE = 0x1 | (1 << 30);

  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int EFD_CLOEXEC_NONBLOCK = 0x80000 | 0x800;
  private static final int O_WRONLY_CLOEXEC = 0x1 | 0x80000;
  private static final int FALLOC_KEEP_SIZE_PUNCH_HOLE = 0x1 | 0x2;

  /// The numbers are the same on every architecture that came after the calls.
  private static final long SYS_PIDFD_OPEN = 434;

  private static final long SYS_PIDFD_SEND_SIGNAL = 424;

  /// `struct epoll_event` is packed on x86-64 only.
  private static final int EPOLL_EVENT_BYTES =
      System.getProperty("os.arch", "").equals("amd64") ? 12 : 16;

  private static final int EPOLL_DATA_OFFSET = EPOLL_EVENT_BYTES - 8;

  /// No such process.
  public static final int ESRCH = 3;

  private static final int ENOENT = 2;

  private static final int EINTR = 4;

  private static final int EINVAL = 22;

  private static final Optional<Linux> INSTANCE = load();

  private final VarHandle errno;
  private final MethodHandle syscall;
  private final MethodHandle close;
  private final MethodHandle epollCreate;
  private final MethodHandle epollCtl;
  private final MethodHandle epollWait;
  private final MethodHandle eventfd;
  private final MethodHandle eventfdWrite;
  private final MethodHandle open;
  private final MethodHandle fallocate;
  private final MethodHandle kill;

  private Linux(Linker linker) {
    errno = Linker.Option.captureStateLayout().varHandle(PathElement.groupElement("errno"));
    syscall =
        bind(
            linker,
            "syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1));
    close = bind(linker, "close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    epollCreate = bind(linker, "epoll_create1", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    epollCtl =
        bind(
            linker,
            "epoll_ctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
    epollWait =
        bind(
            linker,
            "epoll_wait",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    eventfd = bind(linker, "eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    eventfdWrite =
        bind(linker, "eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    open =
        bind(
            linker,
            "open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    fallocate =
        bind(
            linker,
            "fallocate",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    kill = bind(linker, "kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  }

  /// The calls, if this JVM can make them.
  public static Optional<Linux> available() {
    return INSTANCE;
  }

  private static Optional<Linux> load() {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Linux(Linker.nativeLinker()));
    } catch (IllegalCallerException | UnsupportedOperationException | LinkageError e) {
      return Optional.empty();
    }
  }

  @SuppressWarnings("restricted") // Binding C functions is what this class is for.
  private static MethodHandle bind(
      Linker linker, String name, FunctionDescriptor descriptor, Linker.Option... options) {
    var symbol =
        linker
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new UnsupportedOperationException("libc has no " + name));
    var all = new Linker.Option[options.length + 1];
    all[0] = Linker.Option.captureCallState("errno");
    System.arraycopy(options, 0, all, 1, options.length);
    return linker.downcallHandle(symbol, descriptor, all);
  }

  /// Opens a descriptor that becomes readable when the process ends (Linux 5.3).
  ///
  /// @throws CallFailed with [#ESRCH] if no process has that number, also where the kernel has
  ///     given it to a thread since
  public int pidfdOpen(long pid) throws IOException {
    var what = "pidfd_open(" + pid + ")";
    try {
      return (int)
          call(what, state -> (long) syscall.invokeExact(state, SYS_PIDFD_OPEN, pid, 0L, 0L, 0L));
    } catch (CallFailed e) {
      // What kernels answer for a thread: EINVAL up to 6.14, ENOENT since.
      throw e.errno() == EINVAL || e.errno() == ENOENT ? new CallFailed(what, ESRCH) : e;
    }
  }

  /// Signals the process behind a descriptor, which no reuse of its number can change.
  public void pidfdSendSignal(int pidfd, int signal) throws IOException {
    call(
        "pidfd_send_signal",
        state ->
            (long)
                syscall.invokeExact(
                    state, SYS_PIDFD_SEND_SIGNAL, (long) pidfd, (long) signal, 0L, 0L));
  }

  /// Signals a process by number.
  public void kill(long pid, int signal) throws IOException {
    call("kill(" + pid + ")", state -> (int) kill.invokeExact(state, (int) pid, signal));
  }

  /// Closes a descriptor.
  public void close(int fd) throws IOException {
    call("close", state -> (int) close.invokeExact(state, fd));
  }

  /// Makes an epoll instance.
  public int epollCreate() throws IOException {
    return (int)
        call("epoll_create1", state -> (int) epollCreate.invokeExact(state, EPOLL_CLOEXEC));
  }

  /// Makes `epollWait` return `data` once when `fd` becomes readable. Any thread may add while
  /// another waits.
  public void epollAdd(int epoll, int fd, long data) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var event = arena.allocate(EPOLL_EVENT_BYTES, 8);
      event.set(JAVA_INT, 0, EPOLL_ONCE);
      event.set(JAVA_LONG_UNALIGNED, EPOLL_DATA_OFFSET, data);
      call(
          "epoll_ctl", state -> (int) epollCtl.invokeExact(state, epoll, EPOLL_CTL_ADD, fd, event));
    }
  }

  /// Waits without limit for at most `max` descriptors and returns their data; nothing when a
  /// signal interrupted the wait.
  public long[] epollWait(int epoll, int max) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var events = arena.allocate((long) EPOLL_EVENT_BYTES * max, 8);
      var count =
          (int)
              call(
                  "epoll_wait",
                  state -> (int) epollWait.invokeExact(state, epoll, events, max, -1));
      var data = new long[count];
      for (var i = 0; i < count; i++) {
        data[i] = events.get(JAVA_LONG_UNALIGNED, (long) i * EPOLL_EVENT_BYTES + EPOLL_DATA_OFFSET);
      }
      return data;
    } catch (CallFailed e) {
      if (e.errno == EINTR) {
        return new long[0];
      }
      throw e;
    }
  }

  /// Makes a counter that wakes a waiter.
  public int eventfd() throws IOException {
    return (int)
        call("eventfd", state -> (int) eventfd.invokeExact(state, 0, EFD_CLOEXEC_NONBLOCK));
  }

  /// Wakes whoever waits for the counter.
  public void eventfdWrite(int fd) throws IOException {
    call("eventfd_write", state -> (int) eventfdWrite.invokeExact(state, fd, 1L));
  }

  /// Gives the blocks of the file's range back to the file system. Its size stays, the range reads
  /// as zeros, and writers at the end notice nothing. ext4, xfs, btrfs, tmpfs and overlays of them
  /// can do this; elsewhere it throws.
  public void punchHole(Path file, long from, long length) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var path = arena.allocateFrom(file.toString());
      var fd =
          (int)
              call("open " + file, state -> (int) open.invokeExact(state, path, O_WRONLY_CLOEXEC));
      try {
        call(
            "fallocate " + file,
            state ->
                (int) fallocate.invokeExact(state, fd, FALLOC_KEEP_SIZE_PUNCH_HOLE, from, length));
      } finally {
        close(fd);
      }
    }
  }

  private long call(String what, Call call) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(Linker.Option.captureStateLayout());
      var result = call.invoke(state);
      if (result < 0) {
        throw new CallFailed(what, (int) errno.get(state, 0L));
      }
      return result;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(what, e);
    }
  }

  @FunctionalInterface
  private interface Call {
    long invoke(MemorySegment state) throws Throwable;
  }

  /// A system call that returned an error.
  public static final class CallFailed extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    private final int errno;

    CallFailed(String what, int errno) {
      super(what + " failed with errno " + errno);
      this.errno = errno;
    }

    /// The error's number.
    public int errno() {
      return errno;
    }
  }
}
