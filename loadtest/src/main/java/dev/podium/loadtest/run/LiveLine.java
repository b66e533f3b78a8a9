package dev.podium.loadtest.run;

import dev.podium.loadtest.measure.Recording;
import dev.podium.loadtest.report.Terminal;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Prints the state of a run each second: over itself on a terminal, line by line elsewhere. */
final class LiveLine implements AutoCloseable {
  private final PrintWriter out;
  private final boolean terminal = isTerminal();
  private final ScheduledExecutorService timer;
  private long started;
  private long last;

  /** A live line; silent if {@code out} is null. */
  LiveLine(PrintWriter out) {
    this.out = out;
    this.timer =
        out == null
            ? null
            : Executors.newSingleThreadScheduledExecutor(
                work -> {
                  Thread thread = new Thread(work, "loadtest-live");
                  thread.setDaemon(true);
                  return thread;
                });
  }

  /** Whether standard error is a terminal, which System.console() does not tell. */
  private static boolean isTerminal() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/2")).startsWith("/dev/pts");
    } catch (IOException e) {
      return false; // not Linux: lines below each other are right everywhere
    }
  }

  void start(Recording recording) {
    if (timer == null) {
      return;
    }
    started = System.nanoTime();
    last = started;
    var unused = timer.scheduleAtFixedRate(() -> print(recording), 1, 1, TimeUnit.SECONDS);
  }

  private void print(Recording recording) {
    long now = System.nanoTime();
    String line =
        Terminal.live((now - started) / 1e9, (now - last) / 1e9, recording.nextInterval());
    last = now;
    if (terminal) {
      out.print("\r" + line + "  ");
    } else {
      out.println(line);
    }
    out.flush();
  }

  @Override
  public void close() {
    if (timer == null) {
      return;
    }
    timer.shutdownNow();
    if (terminal) {
      out.print("\r" + " ".repeat(100) + "\r");
      out.flush();
    }
  }
}
