package dev.podium.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The log of which nobody reads a line holds nobody up. */
@Timeout(60)
class QueuedHandlerTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  /** A pipe whose reader comes late. */
  private static final class Pipe extends OutputStream {
    final CountDownLatch writing = new CountDownLatch(1);
    final CountDownLatch reader = new CountDownLatch(1);
    final ByteArrayOutputStream read = new ByteArrayOutputStream();

    @Override
    public void write(int value) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      writing.countDown();
      try {
        reader.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      read.write(bytes, offset, length);
    }

    String text() {
      return read.toString(StandardCharsets.UTF_8);
    }
  }

  private static LogRecord line(String text) {
    return new LogRecord(Level.INFO, text);
  }

  @Test
  void aReaderThatStopsCostsLinesAndNothingElse() throws Exception {
    Pipe pipe = new Pipe();
    QueuedHandler handler = new QueuedHandler(pipe, new TextFormatter(), 10);
    handler.publish(line("first"));
    pipe.writing.await(); // the thread has it, and the queue is empty
    for (int i = 0; i < 100; i++) {
      handler.publish(line("line " + i)); // returns
    }
    assertThat(handler.dropped()).isEqualTo(90);
    assertThat(handler.flush(Duration.ZERO)).isFalse();

    pipe.reader.countDown();
    assertThat(handler.flush(LONG)).isTrue();
    assertThat(pipe.text()).contains("first", "line 0", "line 9\n").doesNotContain("line 10");
    assertThat(pipe.text()).containsOnlyOnce("WARNING 90 lines of the log were dropped");
    handler.publish(line("last"));
    assertThat(handler.flush(LONG)).isTrue();
    assertThat(pipe.text()).endsWith("INFO last\n");
    assertThat(handler.dropped()).isEqualTo(90);
  }

  @Test
  void aReaderThatIsGoneIsNoMatter() {
    QueuedHandler handler =
        new QueuedHandler(
            new OutputStream() {
              @Override
              public void write(int value) throws IOException {
                throw new IOException("Broken pipe");
              }
            },
            new TextFormatter(),
            10);
    for (int i = 0; i < 20; i++) {
      handler.publish(line("line " + i));
      assertThat(handler.flush(LONG)).isTrue();
    }
    assertThat(handler.dropped()).isEqualTo(20);
  }

  @Test
  void linesAreWrittenAfterTheLogIsClosed() {
    Pipe pipe = new Pipe();
    pipe.reader.countDown();
    QueuedHandler handler = new QueuedHandler(pipe, new TextFormatter(), 10);
    handler.close(); // by java.util.logging, when the process begins to end
    handler.publish(line("stopped"));
    assertThat(handler.flush(LONG)).isTrue();
    assertThat(pipe.text()).endsWith("stopped\n");
  }
}
