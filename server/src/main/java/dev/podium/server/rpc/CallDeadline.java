package dev.podium.server.rpc;

import dev.podium.server.access.CallAccess;
import dev.podium.server.requestlog.CallWatch;
import dev.podium.server.schedule.RankTask;
import io.grpc.Context;
import io.grpc.Deadline;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * When nobody waits for a call any more. A call without a deadline of its own may last: the default
 * is for each of its requests.
 *
 * @param clock the scheduler's
 * @param defaultNanos for the requests of calls without a deadline; 0 for none
 */
record CallDeadline(LongSupplier clock, long defaultNanos) {
  /** What the handlers need to know of the current call. */
  CallInfo call() {
    Deadline deadline = Context.current().getDeadline();
    long nanos =
        deadline == null
            ? RankTask.NO_DEADLINE
            : clock.getAsLong() + deadline.timeRemaining(TimeUnit.NANOSECONDS);
    return new CallInfo(nanos, defaultNanos, CallAccess.current(), CallWatch.current());
  }
}
