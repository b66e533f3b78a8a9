package dev.podium.server.transport;

import dev.podium.server.log.RateBound;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.ssl.NotSslRecordException;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import javax.net.ssl.SSLException;

/**
 * Makes one line of what libraries log with a stack trace although a client alone is to blame: a
 * message too large, a broken frame, garbage instead of TLS. Such lines, and what gRPC says of
 * single connections, are bounded in number: those above the rate are counted, and the next one
 * says how many there were. Everything else passes as it is. Thread-safe.
 */
public final class ClientErrors implements Filter {
  private static final int SEVERE = Level.SEVERE.intValue();

  private final RateBound rate;

  /**
   * @param rate how many such lines may be written
   */
  public ClientErrors(RateBound rate) {
    this.rate = rate;
  }

  @Override
  public boolean isLoggable(LogRecord event) {
    String logger = event.getLoggerName();
    boolean connections = logger != null && logger.startsWith("io.grpc.netty.");
    if (!connections && (logger == null || !logger.startsWith("io.netty."))) {
      return true;
    }
    Throwable thrown = event.getThrown();
    Throwable blame = thrown == null ? null : blame(thrown);
    boolean about = thrown == null && connections && event.getLevel().intValue() < SEVERE;
    if (blame == null && !about) {
      return true;
    }
    long heldBack = rate.pass();
    if (heldBack < 0) {
      return false;
    }
    String more = heldBack == 0 ? "" : " (and " + heldBack + " such events that were not logged)";
    String why = blame == null ? "" : ": " + withoutBytes(String.valueOf(blame.getMessage()));
    event.setMessage(event.getMessage() + why + more);
    if (blame != null) {
      event.setParameters(null);
      event.setThrown(null);
    }
    return true;
  }

  /** Netty quotes the first bytes of what isn't HTTP/2; they may be of a secret. */
  private static String withoutBytes(String message) {
    int dump = message.indexOf("Hex dump");
    return dump < 0 ? message : message.substring(0, dump).strip();
  }

  /** The error that a client made, among the causes; null if it is none. */
  private static Throwable blame(Throwable thrown) {
    for (Throwable at = thrown; at != null; at = at.getCause()) {
      if (at instanceof Http2Exception http) {
        return http.error() == Http2Error.INTERNAL_ERROR ? null : http;
      }
      // Thrown by what reads messages from the wire.
      if (at instanceof StatusRuntimeException || at instanceof StatusException) {
        return at;
      }
      if (at instanceof SSLException || at instanceof NotSslRecordException) {
        return at;
      }
    }
    return null;
  }
}
