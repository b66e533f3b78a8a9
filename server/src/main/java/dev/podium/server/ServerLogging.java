package dev.podium.server;

import dev.podium.server.log.JsonFormatter;
import dev.podium.server.log.LogEvent;
import dev.podium.server.log.LogFormat;
import dev.podium.server.log.RateBound;
import dev.podium.server.log.TextFormatter;
import dev.podium.server.transport.ClientErrors;
import java.util.Map;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * How a process that is a server writes its log, its libraries' included, to standard error. A
 * program that has a server in it sets up {@code java.util.logging} as it likes.
 */
public final class ServerLogging {
  /** Lines a second for what clients alone are to blame for. */
  private static final int CLIENT_ERRORS = 5;

  private static final Logger LOG = Logger.getLogger(ServerLogging.class.getName());

  /** Held, since a logger that nobody holds loses its level. */
  private static final Logger SETTINGS = Logger.getLogger("dev.podium.server.settings");

  private ServerLogging() {}

  /** Says in one event, below what is usually shown, what the settings are. */
  static void settings(ServerConfig config) {
    SETTINGS.log(new LogEvent(Level.CONFIG, "config", Map.of("config", config.tree())));
  }

  /**
   * Sets the console's format, also for what a thread dies of. Handlers that an operator has added
   * stay as they are.
   */
  public static void install(LogFormat format) {
    Formatter formatter =
        switch (format) {
          case TEXT -> new TextFormatter();
          case JSON -> new JsonFormatter();
        };
    SETTINGS.setLevel(Level.CONFIG);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> LOG.log(Level.SEVERE, "thread " + thread.getName() + " died", e));
    for (Handler handler : Logger.getLogger("").getHandlers()) {
      if (handler instanceof ConsoleHandler) {
        handler.setFormatter(formatter);
        handler.setLevel(Level.CONFIG);
        handler.setFilter(new ClientErrors(new RateBound(CLIENT_ERRORS, System::nanoTime)));
      }
    }
  }
}
