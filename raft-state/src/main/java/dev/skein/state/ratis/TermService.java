package dev.skein.state.ratis;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.grpc.GrpcUtil;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.thirdparty.com.google.protobuf.Int64Value;
import org.apache.ratis.thirdparty.com.google.protobuf.StringValue;
import org.apache.ratis.thirdparty.io.grpc.CallOptions;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.MethodDescriptor;
import org.apache.ratis.thirdparty.io.grpc.ServerServiceDefinition;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.apache.ratis.thirdparty.io.grpc.protobuf.ProtoUtils;
import org.apache.ratis.thirdparty.io.grpc.stub.ClientCalls;
import org.apache.ratis.thirdparty.io.grpc.stub.ServerCalls;
import org.apache.ratis.thirdparty.io.grpc.stub.StreamObserver;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.jspecify.annotations.Nullable;

/// What members ask each other on the Raft port beside Ratis' own questions: the current term, for
/// [ReadRounds]. A member dials another when it first asks it. Thread-safe.
final class TermService implements ReadRounds.Others, AutoCloseable {
  static final String NAME = "skein.raft.Terms";

  /// The request is whom the question is for: another member at its address must not answer it.
  private static final MethodDescriptor<StringValue, Int64Value> TERM =
      MethodDescriptor.<StringValue, Int64Value>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, "Term"))
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(Int64Value.getDefaultInstance()))
          .build();

  private final String self;
  private final Supplier<RaftServer.@Nullable Division> division;
  private final @Nullable SslContext tls;
  private final LongSupplier nanoTime;

  private final Object lock = new Object();
  // Guarded by lock.
  private final Map<RaftMember, Line> lines = new HashMap<>();
  private boolean closed;

  /// @param division of this member, null before it has started
  /// @param tls null for plaintext
  /// @param nanoTime monotonic clock in nanoseconds
  TermService(
      String self,
      Supplier<RaftServer.@Nullable Division> division,
      @Nullable GrpcTlsConfig tls,
      LongSupplier nanoTime)
      throws SSLException {
    this.self = self;
    this.division = division;
    this.nanoTime = nanoTime;
    this.tls = tls == null ? null : GrpcUtil.buildSslContextForClient(tls);
  }

  // ---- Answering

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder(NAME)
        .addMethod(TERM, ServerCalls.asyncUnaryCall(this::answer))
        .build();
  }

  private void answer(StringValue asked, StreamObserver<Int64Value> answer) {
    RaftServer.Division running = division.get();
    if (!asked.getValue().equals(self)) {
      answer.onError(
          Status.FAILED_PRECONDITION
              .withDescription("this is " + self + ", not " + asked.getValue())
              .asException());
    } else if (running == null || !running.getInfo().isAlive()) {
      answer.onError(Status.UNAVAILABLE.withDescription("Raft does not run").asException());
    } else {
      answer.onNext(Int64Value.of(running.getInfo().getCurrentTerm()));
      answer.onCompleted();
    }
  }

  // ---- Asking

  /// Ends the connections to all but these.
  void retain(Collection<RaftMember> members) {
    synchronized (lock) {
      List.copyOf(lines.keySet()).stream()
          .filter(member -> !members.contains(member))
          .forEach(this::hangUp);
    }
  }

  @Override
  public CompletableFuture<Long> term(RaftMember member) {
    Line line;
    synchronized (lock) {
      if (closed) {
        return CompletableFuture.failedFuture(new IllegalStateException("closed"));
      }
      line = lines.computeIfAbsent(member, any -> new Line(dial(any), nanoTime.getAsLong()));
    }
    CompletableFuture<Long> term = new CompletableFuture<>();
    if (line.unanswered.incrementAndGet() > RaftLimits.UNANSWERED_MAX) {
      line.unanswered.decrementAndGet();
      term.completeExceptionally(new IllegalStateException(member + " has too many questions"));
      return term;
    }
    ClientCalls.asyncUnaryCall(
        line.channel.newCall(
            TERM,
            CallOptions.DEFAULT.withDeadlineAfter(
                RaftLimits.TERM_ANSWER.toMillis(), TimeUnit.MILLISECONDS)),
        StringValue.of(member.id()),
        new StreamObserver<>() {
          @Override
          public void onNext(Int64Value answer) {
            line.heardNanos = nanoTime.getAsLong();
            term.complete(answer.getValue());
          }

          @Override
          public void onError(Throwable failure) {
            line.unanswered.decrementAndGet();
            term.completeExceptionally(failure);
            redial(member, line);
          }

          @Override
          public void onCompleted() {
            line.unanswered.decrementAndGet();
            term.completeExceptionally(new IllegalStateException(member + " told no term"));
          }
        });
    return term;
  }

  private ManagedChannel dial(RaftMember member) {
    // Answers are taken on the network's thread: they only count votes.
    NettyChannelBuilder channel =
        NettyChannelBuilder.forTarget(member.address()).directExecutor().disableRetry();
    return (tls == null ? channel.usePlaintext() : channel.sslContext(tls)).build();
  }

  /// By themselves TCP and gRPC would wait longer and longer before they try again to reach a
  /// member that was away for long.
  private void redial(RaftMember member, Line line) {
    synchronized (lock) {
      if (lines.get(member) == line
          && nanoTime.getAsLong() - line.heardNanos > RaftLimits.TERM_REDIAL.toNanos()) {
        hangUp(member);
      }
    }
  }

  private void hangUp(RaftMember member) {
    Line line = lines.remove(member);
    if (line != null) {
      line.channel.shutdownNow();
    }
  }

  /// Ends all questions.
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      List.copyOf(lines.keySet()).forEach(this::hangUp);
    }
  }

  /// A connection to another member.
  private static final class Line {
    final ManagedChannel channel;
    final AtomicInteger unanswered = new AtomicInteger();
    // When it last answered; at first when it was dialled.
    volatile long heardNanos;

    Line(ManagedChannel channel, long nowNanos) {
      this.channel = channel;
      this.heardNanos = nowNanos;
    }
  }
}
