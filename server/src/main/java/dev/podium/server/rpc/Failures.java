package dev.podium.server.rpc;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.log.RateBound;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What became of requests that met something nobody foresaw: an error of ours, or of the machine.
 */
final class Failures {
  private static final Logger LOG = Logger.getLogger(Failures.class.getName());
  private static final RateBound LOGGED = new RateBound(1, System::nanoTime);

  /** Made ahead: there may be no memory to make it when it is needed. */
  private static final RankException NO_MEMORY =
      new RankException(FaultCode.INTERNAL, "unexpected failure in the server: out of memory");

  private Failures() {}

  /** What the caller is told; what isn't a refusal is logged, once a second at most. */
  static RankException of(Throwable cause) {
    if (cause instanceof RankException refusal) {
      return refusal;
    }
    try {
      report("a request failed", cause);
      return new RankException(
          FaultCode.INTERNAL,
          "unexpected failure in the server: "
              + cause.getClass().getName()
              + ": "
              + Quoted.text(String.valueOf(cause.getMessage())),
          cause);
    } catch (Throwable e) {
      return NO_MEMORY;
    }
  }

  /** Something failed that nobody waits for. Doesn't throw. */
  static void report(String what, Throwable cause) {
    try {
      long before = LOGGED.pass();
      if (before >= 0) {
        LOG.log(Level.SEVERE, what + " (" + before + " since the last one that was logged)", cause);
      }
    } catch (Throwable e) {
      // There is no memory even to say so.
    }
  }
}
