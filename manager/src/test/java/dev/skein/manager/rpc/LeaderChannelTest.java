package dev.skein.manager.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.ControlGrpc;
import dev.skein.proto.v1.Event;
import dev.skein.proto.v1.EventsRequest;
import dev.skein.proto.v1.GetRequest;
import dev.skein.proto.v1.GetResponse;
import dev.skein.proto.v1.RemoveNodeRequest;
import dev.skein.proto.v1.RemoveNodeResponse;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Where calls end when the leader changes.
final class LeaderChannelTest {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Manager> managers = new ArrayList<>();
  private volatile @Nullable Channel leading;
  private final LeaderChannel leader =
      new LeaderChannel(new LeaderRoute(() -> leading), threads, System::nanoTime);

  /// Answers when the test does.
  private static final class Manager extends ControlGrpc.ControlImplBase {
    final BlockingQueue<StreamObserver<GetResponse>> gets = new LinkedBlockingQueue<>();
    final BlockingQueue<StreamObserver<RemoveNodeResponse>> removals = new LinkedBlockingQueue<>();
    final BlockingQueue<StreamObserver<Event>> watches = new LinkedBlockingQueue<>();
    final Server server;
    final ManagedChannel channel;

    Manager(ExecutorService threads) throws IOException {
      var name = InProcessServerBuilder.generateName();
      server =
          InProcessServerBuilder.forName(name).executor(threads).addService(this).build().start();
      channel = InProcessChannelBuilder.forName(name).executor(threads).build();
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> answer) {
      gets.add(answer);
    }

    @Override
    public void removeNode(RemoveNodeRequest request, StreamObserver<RemoveNodeResponse> answer) {
      removals.add(answer);
    }

    @Override
    public void events(EventsRequest request, StreamObserver<Event> answer) {
      watches.add(answer);
    }
  }

  private Manager manager() throws IOException {
    var manager = new Manager(threads);
    managers.add(manager);
    return manager;
  }

  private void lead(Manager manager) {
    leading = manager.channel;
    leader.leaderChanged();
  }

  private ControlGrpc.ControlBlockingStub client() {
    return ControlGrpc.newBlockingStub(leader);
  }

  private ControlGrpc.ControlBlockingStub patientClient() {
    return client().withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private Future<GetResponse> get() {
    return threads.submit(() -> patientClient().get(GetRequest.getDefaultInstance()));
  }

  private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
    var next = queue.poll(20, TimeUnit.SECONDS);
    assertThat(next).as("a call").isNotNull();
    return Objects.requireNonNull(next);
  }

  private static <T> T answer(StreamObserver<T> call, T answer, Callable<T> result)
      throws Exception {
    call.onNext(answer);
    call.onCompleted();
    return result.call();
  }

  private static GetResponse response(long index) {
    return GetResponse.newBuilder().setIndex(index).build();
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (var manager : managers) {
      manager.channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
      manager.server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
    threads.close();
  }

  @Test
  void aReadThatAHangingLeaderHasIsAskedOfTheNext() throws Exception {
    var hanging = manager();
    var next = manager();
    lead(hanging);
    var read = get();
    next(hanging.gets);
    lead(next);
    assertThat(answer(next(next.gets), response(7), read::get)).isEqualTo(response(7));
    assertThat(hanging.gets).isEmpty();
  }

  @Test
  void aReadFollowsALeaderWhoseAddressIsKnownLater() throws Exception {
    var hanging = manager();
    var next = manager();
    lead(hanging);
    var read = get();
    next(hanging.gets);
    leading = null;
    leader.leaderChanged();
    leading = next.channel;
    assertThat(answer(next(next.gets), response(7), read::get)).isEqualTo(response(7));
  }

  @Test
  void aReadStaysWhereItIsWhileNoOtherIsKnownToLead() throws Exception {
    var slow = manager();
    lead(slow);
    var read = get();
    var asked = next(slow.gets);
    leading = null;
    leader.leaderChanged();
    lead(slow);
    assertThat(answer(asked, response(7), read::get)).isEqualTo(response(7));
  }

  @Test
  void aChangeIsNeverAskedForTwice() throws Exception {
    var slow = manager();
    var next = manager();
    lead(slow);
    var change =
        threads.submit(() -> patientClient().removeNode(RemoveNodeRequest.getDefaultInstance()));
    var asked = next(slow.removals);
    lead(next);
    var done = RemoveNodeResponse.getDefaultInstance();
    assertThat(answer(asked, done, change::get)).isEqualTo(done);
    assertThat(next.removals).isEmpty();
  }

  @Test
  void aStreamWithoutAnEndStaysWhereItIs() throws Exception {
    var first = manager();
    var next = manager();
    lead(first);
    var watch = threads.submit(() -> client().events(EventsRequest.getDefaultInstance()).next());
    var asked = next(first.watches);
    lead(next);
    var event = Event.newBuilder().setIndex(7).build();
    asked.onNext(event);
    assertThat(watch.get()).isEqualTo(event);
    asked.onCompleted();
    assertThat(next.watches).isEmpty();
  }

  @Test
  void aCancelledReadIsNotAskedAgain() throws Exception {
    var hanging = manager();
    var next = manager();
    lead(hanging);
    var read = ControlGrpc.newFutureStub(leader).withDeadlineAfter(30, TimeUnit.SECONDS);
    var answer = read.get(GetRequest.getDefaultInstance());
    next(hanging.gets);
    answer.cancel(true);
    lead(next);
    assertThatThrownBy(() -> get(answer)).isInstanceOf(CancellationException.class);
    assertThat(next.gets).isEmpty();
  }

  private static GetResponse get(Future<GetResponse> answer) throws Exception {
    return answer.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aReadThatTheLeaderHadNotBegunIsAskedAgain() throws Exception {
    var former = manager();
    var next = manager();
    lead(former);
    var read = get();
    var asked = next(former.gets);
    leading = next.channel;
    asked.onError(Status.UNAVAILABLE.asException());
    assertThat(answer(next(next.gets), response(7), read::get)).isEqualTo(response(7));
  }
}
