package dev.podium.server.transport;

/**
 * When a call's client is too slow to be waited for. A pure function of times in nanoseconds.
 *
 * @param receiveNanos how long a message may take to arrive, and a call of one message to be whole
 * @param sendNanos how long answers may wait to be taken
 */
record StallRule(long receiveNanos, long sendNanos) {
  /** Stands for a time that isn't running. */
  static final long NEVER = Long.MIN_VALUE;

  /** What to do about a call. */
  enum Verdict {
    /** Nothing. */
    WAIT,
    /** End it: its message doesn't come. */
    NOT_RECEIVED,
    /** Cut it off: its answer isn't taken. */
    NOT_TAKEN
  }

  /**
   * Judges one call.
   *
   * @param receiving since when a message has been arriving, or {@link #NEVER}
   * @param owing since when the client hasn't taken what is there for it, or {@link #NEVER}
   */
  Verdict judge(long now, long receiving, long owing) {
    if (owing != NEVER && now - owing >= sendNanos) {
      return Verdict.NOT_TAKEN;
    }
    if (receiving != NEVER && now - receiving >= receiveNanos) {
      return Verdict.NOT_RECEIVED;
    }
    return Verdict.WAIT;
  }

  /** The same while the server stops: clients that are in the middle of a message get less time. */
  StallRule hurried(long mostNanos) {
    return new StallRule(Math.min(receiveNanos, mostNanos), Math.min(sendNanos, mostNanos));
  }
}
