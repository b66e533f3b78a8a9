package dev.podium.server.rpc;

import dev.podium.server.access.CallAccess;

/**
 * What the requests of one call have in common.
 *
 * @param deadlineNanos when nobody waits for it any more, on the scheduler's clock
 * @param access what the caller may do
 */
record CallInfo(long deadlineNanos, CallAccess access) {}
