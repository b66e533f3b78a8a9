package dev.podium.server;

import dev.podium.server.log.JsonFormatter;
import dev.podium.server.log.LogEvent;
import dev.podium.server.log.LogFormat;
import dev.podium.server.log.RateBound;
import dev.podium.server.log.TextFormatter;
import dev.podium.server.transport.ClientErrors;
import java.io.PrintWriter;
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

  private ServerLogging() {}

  /** Says what the settings are: a line each, or as JSON one event. */
  public static void settings(ServerConfig config, PrintWriter err) {
    if (config.logging().format() == LogFormat.JSON) {
      LogEvent event = new LogEvent(Level.INFO, "config", Map.of("config", config.tree()));
      event.setLoggerName(LOG.getName());
      LOG.log(event);
      return;
    }
    config.toYaml().lines().forEach(line -> err.println("config: " + line));
    err.flush();
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
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> LOG.log(Level.SEVERE, "thread " + thread.getName() + " died", e));
    for (Handler handler : Logger.getLogger("").getHandlers()) {
      if (handler instanceof ConsoleHandler) {
        handler.setFormatter(formatter);
        handler.setFilter(new ClientErrors(new RateBound(CLIENT_ERRORS, System::nanoTime)));
      }
    }
  }
}
