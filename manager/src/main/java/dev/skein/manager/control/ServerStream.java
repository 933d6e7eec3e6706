package dev.skein.manager.control;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A stream of answers whose sender waits for its reader, so that a slow reader costs no memory.
/// One thread sends; made on the call's own thread, before its method returns.
final class ServerStream<T> {
  private final ServerCallStreamObserver<T> observer;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Runnable ended;

  /// @param ended called on a thread of gRPC's when the reader has gone
  ServerStream(StreamObserver<T> observer, Runnable ended) {
    this.observer = (ServerCallStreamObserver<T>) observer;
    this.ended = ended;
    this.observer.setOnReadyHandler(this::wake);
    this.observer.setOnCancelHandler(this::cancelled);
  }

  private void cancelled() {
    wake();
    ended.run();
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isCancelled() {
    return observer.isCancelled();
  }

  /// Sends once the reader has room.
  ///
  /// @throws CancellationException when the reader has gone
  void send(T message) throws InterruptedException {
    lock.lock();
    try {
      while (!observer.isReady()) {
        if (observer.isCancelled()) {
          throw new CancellationException("the reader has gone");
        }
        changed.await();
      }
    } finally {
      lock.unlock();
    }
    observer.onNext(message);
  }

  void complete() {
    observer.onCompleted();
  }

  void fail(Throwable status) {
    observer.onError(status);
  }
}
