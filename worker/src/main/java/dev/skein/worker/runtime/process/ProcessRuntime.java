package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.Execution;
import dev.skein.worker.runtime.Exit;
import dev.skein.worker.runtime.RunningTask;
import dev.skein.worker.runtime.RuntimeDescription;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.RuntimeRejection;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.TaskUsage;
import dev.skein.worker.runtime.cgroup.Containment;
import dev.skein.worker.runtime.cgroup.Containments;
import dev.skein.worker.runtime.cgroup.ProcessTree;
import dev.skein.worker.runtime.log.LogKeeper;
import dev.skein.worker.runtime.log.LogOptions;
import dev.skein.worker.runtime.log.LogReader;
import dev.skein.worker.runtime.os.Linux;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessWatcher;
import dev.skein.worker.runtime.os.Signals;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs tasks as processes of the host, each under a small shell that outlives the daemon and
/// writes down its exit code. With root, each task is in cgroups of its own; see [#describe] for
/// what holds here.
///
/// Owns one thread that notices exits and one that dates logs; tasks cost the daemon no thread.
public final class ProcessRuntime implements TaskRuntime {

  /// The runtime's name in task templates.
  public static final String NAME = "process";

  /// Variables of commands that were joined to a task: to which one, and by which daemon.
  private static final String JOINED_TO = "SKEIN_PROBE";

  private static final String JOINED_BY = "SKEIN_PROBE_DAEMON";

  private static final Logger LOG = LoggerFactory.getLogger(ProcessRuntime.class);

  private final Path tasksDirectory;
  private final String daemonId;
  private final Tools tools;
  private final UserAccount self;
  private final String bootId;
  private final Containment containment;
  private final ProcessWatcher watcher;
  private final LogKeeper logs;
  private final SupervisedTask.Services services;
  private final Launcher launcher;
  private final SpecCheck specCheck;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Map<String, SupervisedTask> tasks = new ConcurrentHashMap<>();

  private ProcessRuntime(
      ProcessRuntimeConfig config,
      InstantSource clock,
      Tools tools,
      Containment containment,
      ProcessWatcher watcher,
      LogKeeper logs)
      throws IOException {
    tasksDirectory = config.directory().resolve("tasks");
    daemonId = config.daemonId();
    this.tools = tools;
    self = UserAccount.self();
    bootId = ProcFs.bootId();
    this.containment = containment;
    this.watcher = watcher;
    this.logs = logs;
    services = new SupervisedTask.Services(containment, watcher, logs, clock, closed);
    Files.createDirectories(tasksDirectory);
    launcher = new Launcher(tools, config, self);
    specCheck =
        new SpecCheck(
            containment.features(),
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
  }

  /// Opens the runtime; call [#adopt] next. Throws [IOException] with what to install when the
  /// system lacks a program that starting tasks needs.
  ///
  /// @param clock dates log lines
  public static ProcessRuntime open(ProcessRuntimeConfig config, InstantSource clock)
      throws IOException {
    var tools = Tools.find();
    var containment =
        config.cgroups()
            ? Containments.detect(config.daemonId())
            : Containments.without(config.daemonId(), "cgroups are turned off");
    var watcher = ProcessWatcher.open();
    LogKeeper logs = null;
    try {
      logs = new LogKeeper(config.logs(), clock);
      return new ProcessRuntime(config, clock, tools, containment, watcher, logs);
    } catch (IOException | RuntimeException e) {
      watcher.close();
      if (logs != null) {
        logs.close();
      }
      throw e;
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RuntimeDescription describe() {
    var features = new ArrayList<>(containment.features());
    features.add(userFeature());
    features.add(new Feature(Feature.EXIT_NOTICE, true, watcher.description()));
    features.add(
        new Feature(
            Feature.LOG_ROTATION,
            true,
            Linux.available().isPresent()
                ? "the oldest part is dropped"
                : "by truncation: this JVM was not given native access"));
    return new RuntimeDescription(NAME, features);
  }

  private Feature userFeature() {
    if (self.uid() != 0) {
      return new Feature(
          Feature.USER, false, "only as uid " + self.uid() + ": the daemon does not run as root");
    }
    return tools.setpriv() == null
        ? new Feature(Feature.USER, false, "setpriv is missing: install the package util-linux")
        : new Feature(Feature.USER, true, "setpriv");
  }

  @Override
  public void prepare(TaskSpec spec) throws RuntimeRejection, IOException {
    specCheck.checkId(spec.id());
    var directory = directory(spec.id());
    if (Files.exists(directory.path())) {
      throw new RuntimeRejection("task " + spec.id() + " exists on this node already");
    }
    var account = account(spec);
    specCheck.check(spec, launcher.environment(spec, account), workdir(spec, directory));
    try {
      directory.create(new SpecFile(bootId, spec), account, self);
    } catch (IOException | RuntimeException e) {
      directory.delete();
      throw e;
    }
  }

  private UserAccount account(TaskSpec spec) throws RuntimeRejection, IOException {
    var account = UserAccount.resolve(spec.user(), self);
    var feature = userFeature();
    if (!account.equals(self) && self.uid() == 0 && !feature.enforced()) {
      throw new RuntimeRejection("user \"" + spec.user() + "\": " + feature.how());
    }
    return account;
  }

  private static Path workdir(TaskSpec spec, TaskDirectory directory) {
    return spec.workdir() == null ? directory.work() : Path.of(spec.workdir());
  }

  @Override
  public RunningTask start(TaskSpec spec) throws RuntimeRejection, IOException {
    var directory = directory(spec.id());
    if (!Files.exists(directory.spec())) {
      throw new IOException("task " + spec.id() + " was not prepared");
    }
    if (directory.started().isPresent()) {
      throw new IOException("task " + spec.id() + " was started before");
    }
    var account = account(spec);
    var log = logs.follow(directory.log(), directory.times());
    try {
      var cgroups = containment.create(spec.id(), spec.limits());
      var started = launcher.launch(spec, directory, account, cgroups, workdir(spec, directory));
      var task = new SupervisedTask(spec, directory, started, log, services);
      tasks.put(spec.id(), task);
      task.watch();
      return task.view();
    } catch (IOException | RuntimeException e) {
      // Whatever was started is not watched, so it must not live on.
      logs.end(log);
      removeTraces(spec.id());
      tasks.remove(spec.id());
      throw e;
    }
  }

  @Override
  public Map<String, RunningTask> adopt() throws IOException {
    var found = new HashMap<String, RunningTask>();
    var known = new HashSet<String>();
    try (var directories = Files.newDirectoryStream(tasksDirectory, Files::isDirectory)) {
      for (var path : directories) {
        var id = path.getFileName().toString();
        var task = adopt(new TaskDirectory(path));
        if (task.isPresent()) {
          known.add(id);
          tasks.put(id, task.get());
        } else {
          LOG.info("task {} was never started: removing it", id);
          removeTraces(id);
        }
      }
    }
    for (var id : containment.taskIds()) {
      if (!known.contains(id)) {
        LOG.info("removing the cgroups of {}, which is no task any more", id);
        removeTraces(id);
      }
    }
    // Nobody waits for what a killed daemon had joined to its tasks, and it may hang for ever.
    new ProcessTree(JOINED_BY + "=" + daemonId, null).kill();
    for (var id : known) {
      var task = find(id);
      task.watch();
      found.put(id, task.view());
    }
    return found;
  }

  private Optional<SupervisedTask> adopt(TaskDirectory directory) throws IOException {
    if (!Files.exists(directory.spec())) {
      return Optional.empty();
    }
    var specFile = SpecFile.read(directory.spec());
    var started =
        specFile.bootId().equals(bootId) ? StartInFlight.await(directory) : directory.started();
    if (started.isEmpty()) {
      return Optional.empty();
    }
    var sameBoot = specFile.bootId().equals(bootId);
    return Optional.of(
        new SupervisedTask(
            specFile.spec(),
            directory,
            sameBoot ? started.get() : null,
            logs.follow(directory.log(), directory.times()),
            services));
  }

  @Override
  public void signal(String taskId, Signal signal) throws IOException {
    var task = find(taskId);
    var main = task.main();
    if (main != null && !task.exit().isDone()) {
      Signals.send(main, signal);
    }
  }

  @Override
  public CompletableFuture<Exit> stop(String taskId, Signal signal, Duration grace) {
    var stopped = new CompletableFuture<Exit>();
    Thread.ofVirtual()
        .name("task-stop")
        .start(
            () -> {
              try {
                stopped.complete(stopNow(find(taskId), signal, grace));
              } catch (IOException | InterruptedException | RuntimeException e) {
                stopped.completeExceptionally(e);
              }
            });
    return stopped;
  }

  private Exit stopNow(SupervisedTask task, Signal signal, Duration grace)
      throws IOException, InterruptedException {
    signal(task.id(), signal);
    try {
      return task.exit().get(grace.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      if (grace.isPositive()) {
        LOG.info("task {} did not end {} after {}: killing it", task.id(), grace, signal.name());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
    containment.killAll(task.id(), task.main(), KILL_TIMEOUT);
    try {
      return task.exit().get(KILL_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new IOException(
          "task "
              + task.id()
              + " does not die of SIGKILL: processes "
              + task.remaining()
              + " are stuck in the kernel",
          e);
    }
  }

  @Override
  public Execution exec(String taskId, List<String> command, Duration timeout)
      throws RuntimeRejection, IOException, InterruptedException {
    var task = find(taskId);
    var spec = task.spec();
    if (task.exit().isDone()) {
      throw new NoSuchFileException("task " + taskId + " does not run");
    }
    var mark = Containment.mark(daemonId, taskId);
    var process =
        launcher.join(
            spec,
            account(spec),
            containment.joined(taskId, spec.limits()),
            workdir(spec, directory(taskId)),
            Map.of(JOINED_TO, mark, JOINED_BY, daemonId),
            command);
    return new JoinedCommand(process, JOINED_TO + "=" + mark).await(timeout);
  }

  @Override
  public void remove(String taskId) throws IOException {
    var task = tasks.get(taskId);
    if (task != null && !task.exit().isDone()) {
      try {
        stopNow(task, Signal.KILL, Duration.ZERO);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while removing task " + taskId, e);
      }
    }
    removeTraces(taskId);
    tasks.remove(taskId);
  }

  private void removeTraces(String taskId) throws IOException {
    var task = tasks.get(taskId);
    // The end of a task is told when nothing of it runs any more.
    var gone = task != null && task.exit().isDone();
    if (!gone && !containment.killAll(taskId, task == null ? null : task.main(), KILL_TIMEOUT)) {
      throw new IOException("task " + taskId + " has processes that cannot be killed");
    }
    containment.remove(taskId);
    directory(taskId).delete();
  }

  @Override
  public TaskUsage usage(String taskId) throws IOException {
    var task = find(taskId);
    return task.exit().isDone() ? TaskUsage.NONE : containment.usage(taskId, task.main());
  }

  @Override
  public LogReader logs(String taskId, LogOptions options) throws IOException {
    return find(taskId).log().read(options);
  }

  @Override
  public void close() {
    closed.set(true);
    watcher.close();
    logs.close();
    try {
      containment.tidy();
    } catch (IOException e) {
      LOG.warn("cannot remove the empty cgroups of this daemon", e);
    }
  }

  private SupervisedTask find(String taskId) throws NoSuchFileException {
    var task = tasks.get(taskId);
    if (task == null) {
      throw new NoSuchFileException("task " + taskId + " is not on this node");
    }
    return task;
  }

  private TaskDirectory directory(String taskId) {
    return new TaskDirectory(tasksDirectory.resolve(taskId));
  }
}
