package dev.podium.client;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * A request that got no scores. A program decides by {@link #code()}; {@link #description()} is for
 * people.
 */
public final class RankingException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Status.Code code;
  private final String description;
  private final Duration retryAfter; // null: the server named none

  RankingException(Status.Code code, String description, Throwable cause) {
    this(code, description, null, cause);
  }

  private RankingException(
      Status.Code code, String description, Duration retryAfter, Throwable cause) {
    super(description.isEmpty() ? code.name() : code + ": " + description, cause);
    this.code = code;
    this.description = description;
    this.retryAfter = retryAfter;
  }

  /** The failure of a gRPC call, or of a future given up, as a RankingException. */
  static RankingException of(Throwable failure) {
    if (failure instanceof RankingException known) {
      return known;
    }
    if (failure instanceof CancellationException) {
      return new RankingException(Status.Code.CANCELLED, "given up by the caller", failure);
    }
    Status status = Status.fromThrowable(failure);
    String description = Objects.requireNonNullElse(status.getDescription(), "");
    if (status.getCause() != null) { // the transport's: "io exception" alone tells nothing
      description += (description.isEmpty() ? "" : ": ") + status.getCause().getMessage();
    }
    return new RankingException(status.getCode(), description, retryInfo(failure), failure);
  }

  private static Duration retryInfo(Throwable failure) {
    com.google.rpc.Status details = StatusProto.fromThrowable(failure);
    if (details == null) {
      return null;
    }
    for (var detail : details.getDetailsList()) {
      if (detail.is(RetryInfo.class)) {
        try {
          var delay = detail.unpack(RetryInfo.class).getRetryDelay();
          return Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
        } catch (InvalidProtocolBufferException e) {
          return null; // a broken hint is no hint; the status itself still says what failed
        }
      }
    }
    return null;
  }

  /** This failure with the stack of the thread that waited for it. */
  RankingException rethrown() {
    return new RankingException(code, description, retryAfter, this);
  }

  /** This failure, saying which candidates of a split request it is about. */
  RankingException about(int firstCandidate, int lastCandidate) {
    String where = "candidates " + firstCandidate + " to " + lastCandidate;
    return new RankingException(
        code, description.isEmpty() ? where : where + ": " + description, retryAfter, this);
  }

  /** The gRPC status, such as {@code INVALID_ARGUMENT} or {@code DEADLINE_EXCEEDED}. */
  public Status.Code code() {
    return code;
  }

  /** The server's sentence, or the transport's where the server never answered. May be empty. */
  public String description() {
    return description;
  }

  /** How long the server asks to wait before the next attempt, if it does. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
