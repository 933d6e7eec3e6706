package dev.skein.cli;

import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.Interrupts;
import dev.skein.cli.command.Program;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The program's entry: puts real streams, clocks and signals together and runs the command.
@RealTime
public final class Main {
  private static final int BUFFER_BYTES = 8192;

  private Main() {}

  /// Runs a command and ends the process with its exit code.
  public static void main(String[] words) {
    ProcessInterrupts interrupts = new ProcessInterrupts();
    CommandContext context =
        context(
            stream(FileDescriptor.out), stream(FileDescriptor.err), System.getenv(), interrupts);
    interrupts.exit(new Program(context).run(List.of(words)));
  }

  /// What commands run in, with this process's clocks. The training of the start-up cache takes it
  /// from here too, so that the cache holds what it needs.
  public static CommandContext context(
      PrintStream out, PrintStream err, Map<String, String> environment, Interrupts interrupts) {
    return new CommandContext(
        out,
        err,
        environment,
        InstantSource.system(),
        System::nanoTime,
        interrupts,
        // The launcher tests for a terminal: in Java this would cost several milliseconds.
        Boolean.getBoolean("skein.terminal"),
        "root".equals(System.getProperty("user.name")));
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(
        new java.io.BufferedOutputStream(new FileOutputStream(descriptor), BUFFER_BYTES),
        false,
        StandardCharsets.UTF_8);
  }

  /// `^C` while armed: the shutdown hook wakes the command and waits for its last words.
  private static final class ProcessInterrupts implements Interrupts {
    private static final int LAST_WORDS_SECONDS = 5;

    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean armed;
    private volatile int code;

    @Override
    public void arm() {
      if (armed) {
        return;
      }
      armed = true;
      Runtime.getRuntime().addShutdownHook(new Thread(this::onShutdown, "interrupted"));
    }

    private void onShutdown() {
      interrupted.countDown();
      try {
        if (finished.await(LAST_WORDS_SECONDS, TimeUnit.SECONDS)) {
          Runtime.getRuntime().halt(code);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public boolean await(long nanos) {
      try {
        return interrupted.await(nanos, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return true;
      }
    }

    void exit(int exitCode) {
      code = exitCode;
      finished.countDown();
      if (Boolean.getBoolean("skein.client") && !armed) {
        // No hook waits for the end of a client; the orderly one loads a logger to say so, which
        // takes longer than most commands.
        Runtime.getRuntime().halt(exitCode);
      }
      System.exit(exitCode);
    }
  }
}
