package dev.podium.server;

import dev.podium.server.log.JsonFormatter;
import dev.podium.server.log.LogEvent;
import dev.podium.server.log.LogFormat;
import dev.podium.server.log.QueuedHandler;
import dev.podium.server.log.RateBound;
import dev.podium.server.log.TextFormatter;
import dev.podium.server.transport.ClientErrors;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.ConsoleHandler;
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

  private static final int MOST_WAITING_LINES = 2_048;
  private static final Duration LAST_LINES = Duration.ofSeconds(1);

  /** Null in programs that have a server in them. */
  private static final AtomicReference<QueuedHandler> installed = new AtomicReference<>();

  private static final Logger LOG = Logger.getLogger(ServerLogging.class.getName());

  /** Held, since a logger that nobody holds loses its level. */
  private static final Logger SETTINGS = Logger.getLogger("dev.podium.server.settings");

  private ServerLogging() {}

  /** Says in one event, below what is usually shown, what the settings are. */
  static void settings(ServerConfig config) {
    LogEvent event = new LogEvent(Level.CONFIG, "config", Map.of("config", config.tree()));
    event.setLoggerName(SETTINGS.getName());
    SETTINGS.log(event);
  }

  /**
   * Writes what the console would get in a format, also what a thread dies of, on a thread of its
   * own. Handlers that an operator has added stay as they are.
   */
  public static void install(LogFormat format) {
    SETTINGS.setLevel(Level.CONFIG);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> LOG.log(Level.SEVERE, "thread " + thread.getName() + " died", e));
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      if (handler instanceof ConsoleHandler) {
        root.removeHandler(handler);
        // Not System.err: whoever prints there would wait for its lock.
        QueuedHandler queued = queued(format, new FileOutputStream(FileDescriptor.err));
        queued.setLevel(Level.CONFIG);
        root.addHandler(queued);
        installed.set(queued);
      }
    }
  }

  static QueuedHandler queued(LogFormat format, OutputStream out) {
    QueuedHandler handler =
        new QueuedHandler(
            out,
            switch (format) {
              case TEXT -> new TextFormatter();
              case JSON -> new JsonFormatter();
            },
            MOST_WAITING_LINES);
    handler.setFilter(new ClientErrors(new RateBound(CLIENT_ERRORS, System::nanoTime)));
    return handler;
  }

  /** Lines of the log that were dropped because its reader was too slow. */
  static long droppedLines() {
    QueuedHandler handler = installed.get();
    return handler == null ? 0 : handler.dropped();
  }

  /** Waits a moment for the log to be written; to be called last. */
  public static void flush() {
    QueuedHandler handler = installed.get();
    if (handler != null) {
      handler.flush(LAST_LINES);
    }
  }
}
