package dev.podium.server.transport;

import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;

/**
 * A message as it came: what it says, or why it can't be read. gRPC would answer UNKNOWN, with a
 * stack trace in the log, if its marshaller threw.
 *
 * @param message null if there is a problem
 * @param problem null if there is none
 */
record Incoming<Q>(Q message, Status problem) {

  /** Reads what the other reads, but throws nothing that the client is to blame for. */
  static <Q> Marshaller<Incoming<Q>> marshaller(Marshaller<Q> messages) {
    return new Marshaller<>() {
      @Override
      public InputStream stream(Incoming<Q> value) {
        throw new UnsupportedOperationException("a server sends no requests");
      }

      @Override
      public Incoming<Q> parse(InputStream stream) {
        try {
          return new Incoming<>(messages.parse(stream), null);
        } catch (RuntimeException | OutOfMemoryError e) {
          return new Incoming<>(null, problem(e));
        }
      }
    };
  }

  /** The status for what a marshaller threw; what isn't known is thrown on. */
  private static Status problem(Throwable thrown) {
    if (thrown instanceof OutOfMemoryError) {
      return Status.RESOURCE_EXHAUSTED
          .withDescription("request: no memory for it")
          .withCause(thrown);
    }
    boolean unreadable = false;
    for (Throwable at = thrown; at != null; at = at.getCause()) {
      Status status = status(at);
      if (status != null && status.getCode() == Status.Code.RESOURCE_EXHAUSTED) {
        return status;
      }
      unreadable |= at instanceof IOException || status != null;
      if (at.getCause() == null && unreadable) {
        return Status.INVALID_ARGUMENT.withDescription(
            "request: can't be read: " + at.getMessage() + " (expected: a whole message)");
      }
    }
    throw (RuntimeException) thrown;
  }

  private static Status status(Throwable thrown) {
    return thrown instanceof io.grpc.StatusRuntimeException e
        ? e.getStatus()
        : thrown instanceof io.grpc.StatusException e ? e.getStatus() : null;
  }
}
