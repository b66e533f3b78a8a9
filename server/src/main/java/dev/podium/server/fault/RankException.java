package dev.podium.server.fault;

/**
 * Why one request can't be answered: a code and one sentence for the caller, which names the thing,
 * what came and what was expected; a longer one than {@link Quoted#LONGEST_SENTENCE} is cut. Has no
 * stack trace: refusals must stay cheap when there are many of them.
 */
public final class RankException extends Exception {
  private static final long serialVersionUID = 1L;

  private final FaultCode code;
  private final long retryAfterMillis;

  public RankException(FaultCode code, String message) {
    this(code, message, 0, null);
  }

  /** As above, keeping what lies under it for the log; the caller sees the message alone. */
  public RankException(FaultCode code, String message, Throwable cause) {
    this(code, message, 0, cause);
  }

  private RankException(FaultCode code, String message, long retryAfterMillis, Throwable cause) {
    super(Quoted.sentence(message), cause, false, false);
    this.code = code;
    this.retryAfterMillis = retryAfterMillis;
  }

  /** The request itself is wrong; sending it again won't help. */
  public static RankException invalid(String message) {
    return new RankException(FaultCode.INVALID_ARGUMENT, message);
  }

  /** The server has too much to do; the caller may try again after the given time. */
  public static RankException overloaded(String message, long retryAfterMillis) {
    return new RankException(FaultCode.RESOURCE_EXHAUSTED, message, retryAfterMillis, null);
  }

  public FaultCode code() {
    return code;
  }

  /**
   * How long the caller should wait before it tries again, in milliseconds; 0 if there is no such
   * advice.
   */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }
}
