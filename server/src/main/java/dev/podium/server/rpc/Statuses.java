package dev.podium.server.rpc;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import io.grpc.Metadata;
import io.grpc.Status;

/** Failures in gRPC's terms. */
public final class Statuses {
  /** Where gRPC libraries look for the details of a status. */
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private Statuses() {}

  /** The code and the sentence. */
  public static Status status(RankException e) {
    return code(e.code()).withDescription(e.getMessage());
  }

  /** Trailers of a failure: when to try again, if that is known. */
  public static Metadata trailers(RankException e) {
    Metadata trailers = new Metadata();
    if (e.retryAfterMillis() > 0) {
      trailers.put(
          DETAILS, RetryDetails.encode(number(e.code()), e.getMessage(), e.retryAfterMillis()));
    }
    return trailers;
  }

  /** The code's number on the wire. */
  static int number(FaultCode code) {
    return code(code).getCode().value();
  }

  /** The code in gRPC's terms. */
  static Status.Code status(FaultCode code) {
    return code(code).getCode();
  }

  private static Status code(FaultCode code) {
    return switch (code) {
      case CANCELLED -> Status.CANCELLED;
      case INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
      case DEADLINE_EXCEEDED -> Status.DEADLINE_EXCEEDED;
      case PERMISSION_DENIED -> Status.PERMISSION_DENIED;
      case NOT_FOUND -> Status.NOT_FOUND;
      case RESOURCE_EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
      case UNAVAILABLE -> Status.UNAVAILABLE;
      case INTERNAL -> Status.INTERNAL;
    };
  }
}
