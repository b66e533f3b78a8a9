package dev.podium.server.rpc;

import dev.podium.server.access.CallAccess;
import dev.podium.server.requestlog.CallWatch;
import dev.podium.server.requestlog.RequestWatch;

/**
 * What the requests of one call have in common.
 *
 * @param deadlineNanos when nobody waits for it any more, on the scheduler's clock
 * @param access what the caller may do
 * @param watch hears of its requests; null if nobody wants to know
 */
record CallInfo(long deadlineNanos, CallAccess access, CallWatch watch) {
  /** Tells the request log that a request begins; null if nobody wants to know. */
  RequestWatch begin(long arrival) {
    return watch == null ? null : watch.begin(arrival, deadlineNanos);
  }
}
