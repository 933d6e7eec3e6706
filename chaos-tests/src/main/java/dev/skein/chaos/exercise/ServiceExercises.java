package dev.skein.chaos.exercise;

import dev.skein.chaos.exercise.Exercise.Diagnosis;
import dev.skein.chaos.exercise.Exercise.Measured;
import dev.skein.chaos.exercise.Exercise.Plot;
import dev.skein.chaos.exercise.Exercise.Prediction;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Exercises about services and the nodes that run them.
final class ServiceExercises {

  private static final int REPLICAS = 3;

  private static final Prediction FAILED =
      new Prediction("How many calls of customers will fail?", Measured.FAILED_CALLS);

  private ServiceExercises() {}

  static List<Exercise> all() {
    return List.of(badRelease(), workerReturns(), flappingNode(), scaleUnderLoad());
  }

  private static Exercise badRelease() {
    return new Exercise(
        "bad-release",
        "A bad release: stop it and roll back",
        false,
        """
        A colleague will roll out a new release of "shop", and it does not work. Notice it before all
        replicas are gone, and get back to the release that worked: all three replicas run it.\
        """,
        FAILED,
        new Diagnosis(
            "What is wrong with the release?",
            List.of(
                "it needs more memory than there is",
                "it listens on another port",
                "it expects another schema of the database",
                "its health check is too strict"),
            2),
        List.of(
            "skein service ps shop shows which tasks failed; so does skein service explain shop.",
            "skein service logs shop: what do the failing tasks say?",
            "skein service rollback --help"),
        """
        An update replaces replica after replica, and looks at each for a while (the monitor). What
        it does when one fails is the update's failure action: this one said "continue", so only a
        person could stop it. With --update-failure-action rollback the cluster had done it by
        itself, with --update-order start-first no replica had been taken away before its
        successor ran. The service keeps its previous spec: rollback goes back to it.\
        """,
        Duration.ofSeconds(45),
        new BadRelease());
  }

  /// A release whose tasks fail.
  private static final class BadRelease implements Plot {

    @Override
    public String prepare(Scene scene) throws IOException {
      scene.openShop(REPLICAS);
      return "";
    }

    @Override
    public void strike(Scene scene) throws IOException {
      scene.updateShop(Specs.badShop(REPLICAS));
    }

    @Override
    public List<String> unmet(Scene scene) throws IOException {
      return Goals.of(scene).command(List.of("skein", "whoami")).shop(REPLICAS).missing();
    }
  }

  private static Exercise workerReturns() {
    return new Exercise(
        "worker-returns",
        "A worker that was away comes back",
        false,
        """
        A worker will be frozen until the cluster takes it for dead, and then wake up with its old
        tasks still in memory. See what becomes of them. Then let it do its part again: "shop" has
        all its six replicas, and some of them run on the worker that came back.\
        """,
        new Prediction(
            "How many replicas will run on the worker when all is done?", Measured.REPLICAS),
        new Diagnosis(
            "What happens to the old tasks when the worker wakes up?",
            List.of(
                "they go on, and the new ones elsewhere are ended",
                "they are ended: their slots run elsewhere by now",
                "both go on until somebody removes one of them",
                "they are moved back with what they hold in memory"),
            1),
        List.of(
            "skein service ps shop shows old and new tasks of a slot.",
            "A node that comes back gets no tasks by itself: what runs is not disturbed.",
            "skein swarm rebalance --help; or skein service update --force shop."),
        """
        A node that is not heard of is taken for dead after a few missed heartbeats, and its
        replicas are started elsewhere. When it returns, it is told what it should run: nothing of
        that. It ends the old tasks; no slot runs twice for longer than that takes. Nothing is moved
        back by itself, because moving a healthy replica costs more than an uneven spread.\
        """,
        Duration.ofMinutes(2),
        new WorkerReturns());
  }

  /// A worker that is frozen for longer than the cluster waits.
  private static final class WorkerReturns implements Plot {
    private static final int MANY = 6;
    private static final Duration AWAY = Duration.ofSeconds(35);

    @Override
    public String prepare(Scene scene) throws IOException {
      scene.openShop(MANY);
      return scene.any(scene.lab().workers()).name();
    }

    @Override
    public void strike(Scene scene) throws IOException, InterruptedException {
      var pause = scene.injectOnce("pause", scene.node(), Map.of());
      scene.sleep(AWAY);
      pause.end();
    }

    @Override
    public List<String> unmet(Scene scene) throws IOException {
      return Goals.of(scene).shop(MANY).back().works().missing();
    }

    @Override
    public Optional<Integer> replicas(Scene scene) throws IOException {
      return Optional.of(scene.shopTasks(scene.victim()).size());
    }
  }

  private static Exercise flappingNode() {
    return new Exercise(
        "flapping-node",
        "A node that comes and goes",
        false,
        """
        A worker with a bad power supply will die and come back, again and again. You can't repair it
        from here. Find it, and take it out of service so that customers notice nothing more: "shop"
        has all its replicas, none of them on that node, and it gets no new ones.\
        """,
        FAILED,
        Diagnosis.ofNode("Which node is it? (its name)"),
        List.of(
            "skein events --filter type=node, or skein node ls now and then.",
            "skein service ps shop: on which node do tasks fail?",
            "skein node update --availability drain NODE"),
        """
        Each time that the node comes back it looks healthy, so it gets tasks again, and loses them
        again. Availability "drain" says what heartbeats can't: do not use it. It keeps its place in
        the cluster, and is active again with one command when the machine is repaired.\
        """,
        Duration.ofSeconds(60),
        new FlappingNode());
  }

  /// A node that dies and returns until the exercise is over.
  private static final class FlappingNode implements Plot {

    @Override
    public String prepare(Scene scene) throws IOException {
      scene.openShop(REPLICAS + 1);
      return scene.any(scene.lab().workers()).name();
    }

    @Override
    public void strike(Scene scene) throws IOException, InterruptedException {
      while (!scene.isOver()) {
        var crash = scene.injectOnce("crash", scene.node(), Map.of());
        scene.sleep(Duration.ofSeconds(scene.number(3, 7)));
        crash.end();
        scene.sleep(Duration.ofSeconds(scene.number(6, 12)));
      }
    }

    @Override
    public List<String> unmet(Scene scene) throws IOException {
      return Goals.of(scene).shop(REPLICAS + 1).drained().missing();
    }
  }

  private static Exercise scaleUnderLoad() {
    return new Exercise(
        "scale-under-load",
        "Scale out, then empty a node, while customers call",
        false,
        """
        Customers call "shop" all the time. Scale it to eight replicas, and then empty the node
        %s for its repair: no replica of "shop" runs there, eight run elsewhere. Not
        one call may fail.\
        """,
        FAILED,
        new Diagnosis(
            "Why need no call fail while a replica is moved?",
            List.of(
                "clients repeat failed calls",
                "the replica is frozen and thawed on the other node",
                "the new one serves before the old one is drained of its connections",
                "the mesh keeps the calls until the new one is there"),
            2),
        List.of(
            "skein service scale shop=8",
            "skein node update --availability drain NODE",
            "Give the drain a moment: skein service ps shop."),
        """
        A drain takes replicas away only as far as the service's budget allows, and a replica that is
        to go is first taken out of every node's mesh: it gets no new connection and is ended when
        its last one is. So capacity is there before it is taken away elsewhere. The order matters:
        more replicas first, then the drain.\
        """,
        Duration.ofSeconds(60),
        new ScaleUnderLoad());
  }

  /// No trouble but what the goal itself is.
  private static final class ScaleUnderLoad implements Plot {
    private static final int MANY = 8;

    @Override
    public String prepare(Scene scene) throws IOException {
      scene.openShop(2);
      return scene.any(scene.lab().workers()).name();
    }

    @Override
    public void strike(Scene scene) {
      // Customers call from the beginning on.
    }

    @Override
    public List<String> unmet(Scene scene) throws IOException {
      return Goals.of(scene).shop(MANY).drained().missing();
    }
  }
}
