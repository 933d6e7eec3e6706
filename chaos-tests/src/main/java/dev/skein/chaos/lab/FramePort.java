package dev.skein.chaos.lab;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.Optional;

/// Where whole frames of an Ethernet link are read and written: a link that there is, or a new one
/// (TAP) whose other side the kernel sees.
///
/// Each frame has the kernel's `virtio_net_hdr` before it, which both kinds have in common: so a
/// frame whose checksum is still to be filled in, or that is to be cut into segments later, goes
/// through unchanged.
///
/// Any one thread may read while another writes.
final class FramePort implements AutoCloseable {

  /// The longest frame with its header: the kernel's segments to be cut have 64 kB at most.
  static final int FRAME_BYTES_MAX = 68 << 10;

  private static final int OPEN_READ_WRITE_NONBLOCK_CLOEXEC = 0x2 | 0x800 | 0x80000;

  /// linux/if_tun.h
  private static final long TUNSETIFF = 0x400454caL;

  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final short TAP_WITHOUT_INFO_WITH_VNET_HEADER = 0x2 | 0x1000 | 0x4000;
  private static final int CHECKSUM_AND_TCP_SEGMENTS = 0x1 | 0x2 | 0x4;
  private static final int IFREQ_BYTES = 40;
  private static final int IFREQ_FLAGS = 16;
  private static final int NAME_BYTES_MAX = 15;

  /// linux/if_packet.h
  private static final int AF_PACKET = 17;

  private static final int SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
  private static final int SOL_PACKET = 263;
  private static final int PACKET_VNET_HDR = 15;
  private static final int PACKET_IGNORE_OUTGOING = 23;
  private static final short ETH_P_ALL = 3;
  private static final int SOCKADDR_LL_BYTES = 20;

  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVBUFFORCE = 33;
  private static final int RECEIVE_BYTES = 16 << 20;

  private static final short POLLIN = 1;

  private static final MethodHandle OPEN =
      CLibrary.function("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle SOCKET =
      CLibrary.function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle IF_NAMETOINDEX =
      CLibrary.function("if_nametoindex", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  private static final MethodHandle SETSOCKOPT =
      CLibrary.function(
          "setsockopt",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle BIND =
      CLibrary.function("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle POLL =
      CLibrary.function("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle READ =
      CLibrary.function("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE =
      CLibrary.function("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

  private final int descriptor;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment polled = arena.allocate(8, 4);
  private final MemorySegment incoming = arena.allocate(FRAME_BYTES_MAX, 8);
  private final MemorySegment outgoing = arena.allocate(FRAME_BYTES_MAX, 8);

  private FramePort(int descriptor) {
    this.descriptor = descriptor;
    polled.set(JAVA_INT, 0, descriptor);
    polled.set(JAVA_SHORT, 4, POLLIN);
  }

  /// Makes a new link of this name in the calling thread's network. It is gone when this is
  /// closed, or the process has ended.
  static FramePort tap(String name) throws IOException {
    if (name.length() > NAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "\"%s\" is no link's name: longer than %d bytes".formatted(name, NAME_BYTES_MAX));
    }
    try (var arena = Arena.ofConfined()) {
      var path = arena.allocateFrom("/dev/net/tun");
      var port =
          new FramePort(
              CLibrary.checked(
                  "opening /dev/net/tun",
                  () -> (int) OPEN.invokeExact(path, OPEN_READ_WRITE_NONBLOCK_CLOEXEC)));
      var request = arena.allocate(IFREQ_BYTES);
      request.setString(0, name);
      request.set(JAVA_SHORT, IFREQ_FLAGS, TAP_WITHOUT_INFO_WITH_VNET_HEADER);
      var offload = MemorySegment.ofAddress(CHECKSUM_AND_TCP_SEGMENTS);
      return port.prepared(
          () -> {
            CLibrary.ioctl("making the link " + name, port.descriptor, TUNSETIFF, request);
            CLibrary.ioctl("TUNSETOFFLOAD", port.descriptor, TUNSETOFFLOAD, offload);
          });
    }
  }

  /// A link of the calling thread's network: reads what comes in by it, and sends by it.
  static FramePort link(String name) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(name);
      var index = (int) CLibrary.result(() -> (int) IF_NAMETOINDEX.invokeExact(text));
      if (index == 0) {
        throw new IOException("there is no link " + name);
      }
      // Of no protocol yet: it would get the frames of all links until it is bound.
      var port =
          new FramePort(
              CLibrary.checked(
                  "opening a packet socket",
                  () -> (int) SOCKET.invokeExact(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0)));
      var address = arena.allocate(SOCKADDR_LL_BYTES, 4);
      address.set(JAVA_SHORT, 0, (short) AF_PACKET);
      address.set(JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, ETH_P_ALL);
      address.set(JAVA_INT, 4, index);
      return port.prepared(
          () -> {
            port.set(SOL_PACKET, PACKET_VNET_HDR, 1);
            port.set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
            port.set(SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BYTES);
            CLibrary.checked(
                "reading the frames of " + name,
                () -> (int) BIND.invokeExact(port.descriptor, address, SOCKADDR_LL_BYTES));
          });
    }
  }

  private interface Preparation {
    void run() throws IOException;
  }

  private FramePort prepared(Preparation preparation) throws IOException {
    try {
      preparation.run();
      return this;
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void set(int level, int option, int value) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var pointer = arena.allocateFrom(JAVA_INT, value);
      CLibrary.checked(
          "setting option %d of a packet socket".formatted(option),
          () -> (int) SETSOCKOPT.invokeExact(descriptor, level, option, pointer, Integer.BYTES));
    }
  }

  /// What became of waiting for a frame.
  enum Readiness {
    READABLE,
    /// Nothing came in time.
    QUIET,
    /// The link is gone.
    GONE
  }

  /// Waits for a frame.
  Readiness await(int millis) throws IOException {
    var found = CLibrary.result(() -> (int) POLL.invokeExact(polled, 1L, millis));
    var events = polled.get(JAVA_SHORT, 6);
    if (found <= 0) {
      return Readiness.QUIET;
    }
    return events == POLLIN ? Readiness.READABLE : Readiness.GONE;
  }

  /// The next frame, if there is one.
  Optional<byte[]> read() throws IOException {
    var length =
        (int)
            CLibrary.result(
                () -> (long) READ.invokeExact(descriptor, incoming, (long) FRAME_BYTES_MAX));
    return length <= 0
        ? Optional.empty()
        : Optional.of(incoming.asSlice(0, length).toArray(JAVA_BYTE));
  }

  /// Sends a frame; one that the link does not take is lost, as on a wire.
  ///
  /// @return whether it was taken
  boolean write(byte[] frame) throws IOException {
    MemorySegment.copy(frame, 0, outgoing, JAVA_BYTE, 0, frame.length);
    return CLibrary.result(
            () -> (long) WRITE.invokeExact(descriptor, outgoing, (long) frame.length))
        == frame.length;
  }

  /// To be called when no thread uses it any more.
  @Override
  public void close() throws IOException {
    CLibrary.close(descriptor);
    arena.close();
  }
}
