package dev.podium.server.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Writes the log on a thread of its own, so that nobody waits for whoever reads it: a pipe whose
 * reader stops holds up that thread alone. Lines that the queue can't take are dropped and counted,
 * and the next line that is written is preceded by their number. Thread-safe.
 */
public final class QueuedHandler extends Handler {
  private final OutputStream out;
  private final BlockingQueue<byte[]> lines;
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong told = new AtomicLong();
  private final AtomicLong taken = new AtomicLong();
  private final AtomicLong written = new AtomicLong();
  private final Thread writer;

  /**
   * @param out what the lines are written to, on this handler's thread alone; it stays open
   * @param capacity lines that may wait, at least 1
   */
  public QueuedHandler(OutputStream out, Formatter formatter, int capacity) {
    this.out = out;
    this.lines = new ArrayBlockingQueue<>(capacity);
    setFormatter(formatter);
    writer = new Thread(this::write, "podium-log");
    writer.setDaemon(true);
    writer.start();
  }

  @Override
  public void publish(LogRecord event) {
    if (!isLoggable(event)) {
      return;
    }
    // Looked at first, so that lines for which there is no room are not even made.
    if (lines.remainingCapacity() == 0) {
      dropped.incrementAndGet();
      return;
    }
    byte[] line;
    try {
      line = getFormatter().format(event).getBytes(StandardCharsets.UTF_8);
    } catch (RuntimeException e) {
      reportError(null, e, ErrorManager.FORMAT_FAILURE);
      return;
    }
    taken.incrementAndGet();
    if (!lines.offer(line)) {
      taken.decrementAndGet();
      dropped.incrementAndGet();
    }
  }

  /** Lines that were dropped since the start. */
  public long dropped() {
    return dropped.get();
  }

  private void write() {
    try {
      while (true) {
        byte[] line = lines.take();
        try {
          tellOfDropped();
          out.write(line);
          if (lines.isEmpty()) {
            out.flush();
          }
        } catch (IOException e) {
          dropped.incrementAndGet(); // nobody is there to be told
        }
        written.incrementAndGet();
      }
    } catch (InterruptedException e) {
      // Nobody interrupts it but who wants it to end.
    }
  }

  private void tellOfDropped() throws IOException {
    long all = dropped.get();
    long more = all - told.getAndSet(all);
    if (more > 0) {
      LogRecord event =
          new LogRecord(
              Level.WARNING, more + " lines of the log were dropped: its reader was too slow");
      event.setLoggerName(QueuedHandler.class.getName());
      out.write(getFormatter().format(event).getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Waits until what was published before has been written.
   *
   * @return whether it was, within the time
   */
  public boolean flush(Duration most) {
    long end = System.nanoTime() + most.toNanos();
    long until = taken.get();
    CountDownLatch never = new CountDownLatch(1);
    try {
      while (written.get() < until) {
        if (System.nanoTime() - end >= 0 || never.await(1, TimeUnit.MILLISECONDS)) {
          return false;
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Does nothing: whoever wants to wait says for how long. */
  @Override
  public void flush() {}

  /**
   * Does nothing: {@code java.util.logging} closes handlers when the process begins to end, and
   * what a stopping server says is to be read, too.
   */
  @Override
  public void close() {}
}
