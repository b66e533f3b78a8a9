package dev.podium.loadtest.measure;

import io.grpc.Status;

/** Carries requests. Used by one thread; completions may come on any. */
public interface Transport {

  /**
   * Sends a request without waiting for its answer.
   *
   * @param request its bytes; not changed
   * @param timeoutNanos time left until its deadline, greater than 0
   * @param completion told exactly once
   */
  void send(byte[] request, long timeoutNanos, Completion completion);

  /** Takes the end of a call. */
  @FunctionalInterface
  interface Completion {
    /**
     * The call is over.
     *
     * @param status OK only if a response came
     * @param response its bytes, null if the status is not OK
     */
    void done(Status status, byte[] response);
  }
}
