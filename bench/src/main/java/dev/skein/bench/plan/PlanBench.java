package dev.skein.bench.plan;

import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.proto.v1.TaskState;
import java.io.IOException;
import java.util.ArrayList;

/// The real planners on a real state, as the leader's control loop runs them, without Raft and
/// network: how fast tasks are placed onto nodes, how long a new leader looks at everything, and
/// what a commit costs with ever more tasks in the cluster. All in processor time, which on an idle
/// machine is what a clock would show or more.
///
/// Arguments: nodes (5,000), tasks (100,000), rounds (5).
@RealTime
public final class PlanBench {
  private static final int SERVICES = 100;
  private static final int COMMITS = 2_000;

  private PlanBench() {}

  /// Prints one line per figure.
  public static void main(String[] args) throws IOException {
    var nodes = args.length > 0 ? Integer.parseInt(args[0]) : 5_000;
    var tasks = args.length > 1 ? Integer.parseInt(args[1]) : 100_000;
    var rounds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
    Figures.machine();
    scheduling(nodes, tasks, rounds);
    for (var size = Math.min(tasks, 1_000); size <= tasks; size *= 10) {
      commits(nodes, size, rounds);
    }
    Figures.print("load at the end", Figures.load());
  }

  private static void scheduling(int nodes, int tasks, int rounds) {
    var rates = new ArrayList<Double>();
    var largestRates = new ArrayList<Double>();
    var replans = new ArrayList<Double>();
    var readings = new ArrayList<Double>();
    for (var round = 0; round < rounds; round++) {
      var cluster = new PlannedCluster(nodes);
      cluster.createServices(SERVICES, tasks / SERVICES);
      rates.add(tasks / seconds(cluster::settle));
      cluster.require(TaskState.TASK_STATE_ASSIGNED, tasks);
      cluster.runAll();
      replans.add(1_000 * seconds(cluster::changeLeader));
      readings.add(1_000 * seconds(cluster::requireNothingToDo));
      var largest = tasks / 10;
      cluster.createServices(1, largest);
      largestRates.add(largest / seconds(cluster::settle));
      cluster.require(TaskState.TASK_STATE_ASSIGNED, largest);
    }
    Figures.print(
        "%d tasks of %d services onto %d nodes".formatted(tasks, SERVICES, nodes),
        "%.0f placements/s median, %.0f least of %d"
            .formatted(Figures.median(rates), Figures.percentile(rates, 0), rounds));
    Figures.print(
        "%d more of one service".formatted(tasks / 10),
        "%.0f placements/s median, %.0f least of %d"
            .formatted(Figures.median(largestRates), Figures.percentile(largestRates, 0), rounds));
    Figures.printTimes("a new leader takes up the state", replans);
    Figures.printTimes("and plans all of it anew", readings);
  }

  private static void commits(int nodes, int tasks, int rounds) {
    var cluster = new PlannedCluster(nodes);
    cluster.createServices(Math.max(1, tasks / 1_000), Math.min(tasks, 1_000));
    cluster.settle();
    cluster.runAll();
    var applies = new ArrayList<Double>();
    var plans = new ArrayList<Double>();
    var replacements = new ArrayList<Double>();
    for (var round = 0; round < rounds; round++) {
      cluster.forgetTimes();
      for (var commit = 0; commit < COMMITS; commit++) {
        cluster.refresh(commit + round * COMMITS);
      }
      applies.add(cluster.applyNanos() / 1_000.0 / COMMITS);
      plans.add(cluster.planNanos() / 1_000.0 / COMMITS);
      cluster.forgetTimes();
      for (var failure = 0; failure < COMMITS / 10; failure++) {
        cluster.failAndReplace(failure + round * COMMITS);
      }
      replacements.add((cluster.applyNanos() + cluster.planNanos()) / 1_000.0 / (COMMITS / 10));
    }
    Figures.print(
        "%d tasks: a commit of one task's status".formatted(tasks),
        "%.1f us apply, %.1f us control loop; a failed task replaced and placed: %.0f us; median of %d"
            .formatted(
                Figures.median(applies),
                Figures.median(plans),
                Figures.median(replacements),
                rounds));
  }

  /// Processor time in seconds, of the collector and the compilers too: other work on the machine
  /// does not count.
  private static double seconds(Runnable work) {
    var start = PlannedCluster.processorNanos();
    work.run();
    return (PlannedCluster.processorNanos() - start) / 1e9;
  }
}
