package dev.podium.server.rpc;

import dev.podium.server.access.CallAccess;
import dev.podium.server.requestlog.CallWatch;
import dev.podium.server.requestlog.RequestWatch;
import dev.podium.server.schedule.RankTask;

/**
 * What the requests of one call have in common.
 *
 * @param deadlineNanos when nobody waits for the call any more, on the scheduler's clock; {@link
 *     RankTask#NO_DEADLINE} if its caller named none
 * @param defaultNanos what each of its requests may then take; 0 for as long as it takes
 * @param access what the caller may do
 * @param watch hears of its requests; null if nobody wants to know
 */
record CallInfo(long deadlineNanos, long defaultNanos, CallAccess access, CallWatch watch) {
  /** When nobody waits any more for a request that arrived at a time. */
  long deadline(long arrival) {
    return deadlineNanos != RankTask.NO_DEADLINE || defaultNanos == 0
        ? deadlineNanos
        : arrival + defaultNanos;
  }

  /** Tells the request log that a request begins; null if nobody wants to know. */
  RequestWatch begin(long arrival) {
    return watch == null ? null : watch.begin(arrival, deadline(arrival));
  }
}
