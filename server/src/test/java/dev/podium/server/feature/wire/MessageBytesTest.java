package dev.podium.server.feature.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageBytesTest {
  private final MessagePool pool = new MessagePool();

  @Test
  void theLastHolderGivesBack() throws IOException {
    AtomicInteger refunded = new AtomicInteger();
    MessageBytes bytes = read(new byte[10], 10);
    bytes.onFree(refunded::addAndGet);
    assertThat(bytes.tryRetain()).isTrue();
    bytes.release();
    assertThat(refunded).hasValue(0);
    assertThat(pool.held()).isOne();
    bytes.release();
    assertThat(refunded).hasValue(10);
    assertThat(pool.held()).isZero();
    assertThat(bytes.tryRetain()).isFalse();
    assertThatThrownBy(bytes::release).isInstanceOf(IllegalStateException.class);
    assertThat(refunded).hasValue(10);
    assertThat(pool.held()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1000, 1000", "5000, 0", "5000, 1024", "5000, 8000000", "5000000, 10"})
  void messagesOfAnyLengthAreReadWhole(int length, int expected) throws IOException {
    byte[] message = new byte[length];
    new Random(length).nextBytes(message);
    MessageBytes bytes = read(message, expected);
    assertThat(bytes.length()).isEqualTo(length);
    assertThat(Arrays.equals(bytes.array(), 0, length, message, 0, length)).isTrue();
    bytes.release();
    assertThat(pool.held()).isZero();
  }

  /** An array that somebody holds is never another message's. */
  @Test
  void manyHoldersNeverSeeAnotherMessage() throws Exception {
    AtomicInteger refunded = new AtomicInteger();
    AtomicInteger mixed = new AtomicInteger();
    for (int round = 0; round < 2_000; round++) {
      byte mark = (byte) round;
      byte[] message = new byte[64];
      Arrays.fill(message, mark);
      MessageBytes bytes = read(message, 64);
      bytes.onFree(refunded::addAndGet);
      CyclicBarrier start = new CyclicBarrier(3);
      List<Thread> readers = new ArrayList<>();
      if (round % 100 == 0) {
        for (int i = 0; i < 2; i++) {
          Thread reader =
              new Thread(
                  () -> {
                    try {
                      start.await();
                      while (bytes.tryRetain()) {
                        for (int b = 0; b < 64; b++) {
                          if (bytes.array()[b] != mark) {
                            mixed.incrementAndGet();
                          }
                        }
                        bytes.release();
                      }
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                  });
          reader.start();
          readers.add(reader);
        }
        start.await();
      }
      bytes.release();
      // Takes the array at once, if it is free.
      MessageBytes next = read(new byte[64], 64);
      for (Thread reader : readers) {
        reader.join();
      }
      next.release();
    }
    assertThat(mixed).hasValue(0);
    assertThat(refunded).hasValue(64 * 2_000);
    assertThat(pool.held()).isZero();
  }

  private MessageBytes read(byte[] message, int expected) throws IOException {
    return pool.read(new ByteArrayInputStream(message), expected);
  }
}
