package dev.skein.bench.write;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.cli.daemon.DirectoryTree;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Debian's etcd: three members without TLS, written to over its own gRPC at the leader, all
/// writers on one connection as etcd's benchmark does.
///
/// Of etcd's protocol two calls are needed, so their messages are put together by field number.
@RealTime
final class EtcdPeer implements Peer {
  private static final int MEMBERS = 3;
  private static final int CALL_SECONDS = 10;
  private static final int END_SECONDS = 10;

  private static final MethodDescriptor<UnknownFieldSet, UnknownFieldSet> PUT =
      method("etcdserverpb.KV/Put");
  private static final MethodDescriptor<UnknownFieldSet, UnknownFieldSet> STATUS =
      method("etcdserverpb.Maintenance/Status");

  private final Path directory = LocalCluster.newDirectory();
  private final List<Process> members = new ArrayList<>();
  private final Thread onExit = new Thread(() -> members.forEach(Process::destroyForcibly));
  private final Random random = new Random(1);
  private @Nullable ManagedChannel leader;

  EtcdPeer() throws IOException, InterruptedException {
    Runtime.getRuntime().addShutdownHook(onExit);
    try {
      for (var i = 1; i <= MEMBERS; i++) {
        members.add(start(i));
      }
      LocalCluster.await("etcd has no leader", this::findLeader);
    } catch (IOException | InterruptedException e) {
      close();
      throw e;
    }
  }

  private static String host(int member) {
    return "127.88.2." + member;
  }

  private Process start(int member) throws IOException {
    var client = "http://" + host(member) + ":2379";
    var peer = "http://" + host(member) + ":2380";
    var all =
        IntStream.rangeClosed(1, MEMBERS)
            .mapToObj(i -> "e%d=http://%s:2380".formatted(i, host(i)))
            .collect(Collectors.joining(","));
    return new ProcessBuilder(
            "etcd",
            "--name",
            "e" + member,
            "--data-dir",
            directory.resolve("e" + member).toString(),
            "--listen-client-urls",
            client,
            "--advertise-client-urls",
            client,
            "--listen-peer-urls",
            peer,
            "--initial-advertise-peer-urls",
            peer,
            "--initial-cluster",
            all,
            "--initial-cluster-state",
            "new",
            "--logger",
            "zap",
            "--log-level",
            "error")
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("e" + member + ".log").toFile())
        .start();
  }

  private boolean findLeader() {
    for (var i = 1; i <= MEMBERS; i++) {
      var channel = NettyChannelBuilder.forAddress(host(i), 2379).usePlaintext().build();
      try {
        var status = call(channel, STATUS, UnknownFieldSet.getDefaultInstance());
        var header = status.getField(1).getLengthDelimitedList().getFirst();
        var self = UnknownFieldSet.parseFrom(header).getField(2).getVarintList();
        if (!self.isEmpty() && self.equals(status.getField(4).getVarintList())) {
          leader = channel;
          return true;
        }
      } catch (StatusRuntimeException | IOException e) {
        // It is starting.
      }
      channel.shutdownNow();
    }
    return false;
  }

  @Override
  public String label() {
    return "etcd put";
  }

  @Override
  public ClosedLoop.Result run(int writers, double seconds) throws Exception {
    var channel = leader;
    if (channel == null) {
      throw new IllegalStateException("etcd has no leader");
    }
    var value = new byte[WriteBench.VALUE_BYTES];
    random.nextBytes(value);
    return ClosedLoop.run(
        writers,
        seconds,
        writer ->
            call(
                channel,
                PUT,
                UnknownFieldSet.newBuilder()
                    .addField(1, bytes(ByteString.copyFromUtf8("writer-" + writer)))
                    .addField(2, bytes(ByteString.copyFrom(value)))
                    .build()));
  }

  private static Field bytes(ByteString content) {
    return Field.newBuilder().addLengthDelimited(content).build();
  }

  private static UnknownFieldSet call(
      ManagedChannel channel,
      MethodDescriptor<UnknownFieldSet, UnknownFieldSet> method,
      UnknownFieldSet request) {
    return ClientCalls.blockingUnaryCall(
        channel,
        method,
        CallOptions.DEFAULT.withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS),
        request);
  }

  private static MethodDescriptor<UnknownFieldSet, UnknownFieldSet> method(String name) {
    return MethodDescriptor.<UnknownFieldSet, UnknownFieldSet>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(name)
        .setRequestMarshaller(new Fields())
        .setResponseMarshaller(new Fields())
        .build();
  }

  private static final class Fields implements MethodDescriptor.Marshaller<UnknownFieldSet> {
    @Override
    public InputStream stream(UnknownFieldSet message) {
      return new ByteArrayInputStream(message.toByteArray());
    }

    @Override
    public UnknownFieldSet parse(InputStream stream) {
      try {
        return UnknownFieldSet.parseFrom(stream);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public List<Long> processes() {
    return members.stream().map(Process::pid).toList();
  }

  @Override
  public void close() throws IOException {
    Runtime.getRuntime().removeShutdownHook(onExit);
    if (leader != null) {
      leader.shutdownNow();
    }
    members.forEach(Process::destroyForcibly);
    for (var member : members) {
      try {
        member.waitFor(END_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    DirectoryTree.delete(directory);
  }
}
