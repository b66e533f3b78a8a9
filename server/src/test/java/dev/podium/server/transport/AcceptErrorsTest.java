package dev.podium.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** A listening channel without file descriptors pauses; it neither spins nor fills the log. */
class AcceptErrorsTest {
  @Test
  void acceptingPausesAndIsTriedAgain() {
    List<LogRecord> lines = new ArrayList<>();
    Handler log =
        new Handler() {
          @Override
          public void publish(LogRecord event) {
            lines.add(event);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(AcceptErrors.class.getName());
    logger.addHandler(log);
    EmbeddedChannel channel = new EmbeddedChannel(new AcceptErrors());
    try {
      for (int i = 0; i < 50; i++) {
        channel.pipeline().fireExceptionCaught(new IOException("accept: Too many open files"));
      }
      assertThat(channel.config().isAutoRead()).isFalse();
      channel.advanceTimeBy(1, TimeUnit.SECONDS);
      channel.runScheduledPendingTasks();
      assertThat(channel.config().isAutoRead()).isTrue();
      channel.checkException(); // none went on, to be logged with its stack
      assertThat(lines).hasSize(1);
      assertThat(lines.get(0).getThrown()).isNull();
    } finally {
      logger.removeHandler(log);
      channel.finishAndReleaseAll();
    }
  }
}
