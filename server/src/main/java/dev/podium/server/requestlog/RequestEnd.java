package dev.podium.server.requestlog;

import io.grpc.Status;

/**
 * How one request ended. Times are nanoseconds on the server's clock.
 *
 * @param requestId the caller's name for it; empty if there is none, or it wasn't read
 * @param model as the caller wrote it; empty if it wasn't read
 * @param version that took it; 0 if none did
 * @param rows of candidates; 0 if they weren't counted
 * @param code of the answer, whether it was the call's own or one of a stream's
 * @param problem why there are no scores, which may quote what the caller sent; null if there are
 * @param arrival when it had arrived
 * @param end when its answer was handed to the transport
 * @param deadline when nobody waits for it any more; {@link Long#MAX_VALUE} for never
 * @param stages where its time went; null unless it was scored
 */
public record RequestEnd(
    String requestId,
    String model,
    long version,
    int rows,
    Status.Code code,
    String problem,
    long arrival,
    long end,
    long deadline,
    Stages stages) {

  /**
   * Where the time of a scored request went.
   *
   * @param queueMicros from its arrival until a worker took it
   * @param assembleMicros from wire columns to the runtime's buffers
   * @param inferMicros in the runtime, summed over the tiles, which may run side by side
   * @param scored when the last tile's scores were there and encoding began, on the server's clock
   * @param tiles that it was cut into
   * @param form in which its rows ran: exported, whole or split
   */
  public record Stages(
      int queueMicros, int assembleMicros, int inferMicros, long scored, int tiles, String form) {}

  boolean failed() {
    return code != Status.Code.OK;
  }

  long nanos() {
    return end - arrival;
  }

  /** Refusals of wrong requests quote values of features. */
  boolean quotesCaller() {
    return code == Status.Code.INVALID_ARGUMENT;
  }
}
