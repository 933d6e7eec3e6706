package dev.skein.chaos.sim;

import dev.skein.manager.plan.Jobs;
import dev.skein.proto.v1.Schedule;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import java.util.List;

/// When users want their jobs to run.
final class SimulatedSchedules {
  private static final String RARE = "@yearly";

  private SimulatedSchedules() {}

  /// Often: many runs are due while the one before goes on.
  static Schedule some(Chance chance) {
    return Schedule.newBuilder()
        .setExpression("*/" + chance.between(2, 15) + " * * * * *")
        .setTimezone(chance.in(2) ? "" : "Europe/Berlin")
        .setConcurrency(
            chance.of(
                List.of(
                    ScheduleConcurrency.SCHEDULE_CONCURRENCY_UNSPECIFIED,
                    ScheduleConcurrency.SCHEDULE_CONCURRENCY_FORBID,
                    ScheduleConcurrency.SCHEDULE_CONCURRENCY_ALLOW,
                    ScheduleConcurrency.SCHEDULE_CONCURRENCY_REPLACE)))
        .build();
  }

  /// Whether it is a job that {@link #some} or the like keeps from coming to rest.
  static boolean isOften(Service service) {
    return Jobs.isScheduled(service)
        && !service.getSpec().getSchedule().getExpression().equals(RARE);
  }

  /// So seldom that the job comes to rest.
  static ServiceSpec rare(Service job) {
    var spec = job.getSpec().toBuilder();
    spec.getScheduleBuilder().setExpression(RARE);
    return spec.build();
  }
}
