package dev.podium.cli;

import dev.podium.server.PodiumServer;
import dev.podium.server.ServerLogging;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import sun.misc.Signal;

/**
 * Stops a server on SIGTERM, SIGINT and SIGHUP, and ends the process. By handlers rather than a
 * shutdown hook: only they know which signal it was, and beside a hook the JVM closes the log.
 */
@SuppressWarnings("sunapi") // The only way to hear of signals in Java.
final class StopSignals {
  private static final Logger LOG = Logger.getLogger(StopSignals.class.getName());
  private static final AtomicBoolean STOPPING = new AtomicBoolean();

  private StopSignals() {}

  static void install(PodiumServer server) {
    boolean heard = true;
    for (String signal : new String[] {"TERM", "INT", "HUP"}) {
      try {
        Signal.handle(new Signal(signal), came -> stopAndExit(server, "SIG" + came.getName()));
      } catch (IllegalArgumentException e) {
        // Not on this system, or kept back by the JVM's -Xrs.
        heard &= signal.equals("HUP");
      }
    }
    if (!heard) {
      // The JVM's own exit status after a signal is not 0, so the hook ends the process itself.
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> Runtime.getRuntime().halt(stop(server, "end of the process") ? 0 : 1),
                  "podium-stop"));
    }
  }

  private static void stopAndExit(PodiumServer server, String why) {
    if (!STOPPING.compareAndSet(false, true)) {
      LOG.log(Level.INFO, "{0}: the server is stopping already", why);
      return;
    }
    if (stop(server, why)) {
      System.exit(0);
    }
    // What still runs in native code would not survive the runtime's own end.
    Runtime.getRuntime().halt(1);
  }

  private static boolean stop(PodiumServer server, String why) {
    LOG.log(Level.INFO, "{0}: the server stops", why);
    boolean finished = false;
    try {
      finished = server.drainAndClose();
      LOG.log(
          finished ? Level.INFO : Level.WARNING,
          finished ? "stopped: all requests were answered" : "stopped: requests were cut off");
    } catch (RuntimeException e) {
      LOG.log(Level.SEVERE, "the server can't be stopped in order", e);
    }
    ServerLogging.flush();
    return finished;
  }
}
