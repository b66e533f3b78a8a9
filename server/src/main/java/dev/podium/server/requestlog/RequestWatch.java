package dev.podium.server.requestlog;

import dev.podium.server.requestlog.RequestEnd.Stages;
import io.grpc.Status;

/** One request whose end the request log wants to know; there is none without a request log. */
public final class RequestWatch {
  private final CallWatch call;
  private final long arrival;
  private final long deadline;

  RequestWatch(CallWatch call, long arrival, long deadline) {
    this.call = call;
    this.arrival = arrival;
    this.deadline = deadline;
  }

  /**
   * The request has ended; to be called once, from any thread.
   *
   * @param requestId the caller's name for it; empty if there is none, or it wasn't read
   * @param model as the caller wrote it; empty if it wasn't read
   * @param version that took it; 0 if none did
   * @param rows of candidates; 0 if they weren't counted
   * @param code of the answer
   * @param problem why there are no scores; null if there are
   * @param end when its answer was handed to the transport, on the server's clock
   * @param stages where its time went; null unless it was scored
   */
  public void ended(
      String requestId,
      String model,
      long version,
      int rows,
      Status.Code code,
      String problem,
      long end,
      Stages stages) {
    call.ended(
        new RequestEnd(
            requestId, model, version, rows, code, problem, arrival, end, deadline, stages));
  }
}
