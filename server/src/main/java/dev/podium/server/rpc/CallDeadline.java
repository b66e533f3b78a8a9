package dev.podium.server.rpc;

import dev.podium.server.access.CallAccess;
import dev.podium.server.requestlog.CallWatch;
import dev.podium.server.schedule.RankTask;
import io.grpc.Context;
import io.grpc.Deadline;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * When nobody waits for a call any more.
 *
 * @param clock the scheduler's
 * @param defaultNanos for calls without a deadline; 0 for none
 */
record CallDeadline(LongSupplier clock, long defaultNanos) {
  /** What the handlers need to know of the current call. */
  CallInfo call() {
    return new CallInfo(nanos(), CallAccess.current(), CallWatch.current());
  }

  private long nanos() {
    Deadline deadline = Context.current().getDeadline();
    if (deadline != null) {
      return clock.getAsLong() + deadline.timeRemaining(TimeUnit.NANOSECONDS);
    }
    return defaultNanos == 0 ? RankTask.NO_DEADLINE : clock.getAsLong() + defaultNanos;
  }
}
