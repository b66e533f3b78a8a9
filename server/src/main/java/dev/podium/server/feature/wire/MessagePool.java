package dev.podium.server.feature.wire;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Arrays for arriving messages, in sizes of powers of two. Keeps a bounded number of each, so that
 * a burst of large requests doesn't hold memory for good. Thread-safe.
 */
public final class MessagePool {
  private static final int SMALLEST_BITS = 10;
  private static final int LARGEST_BITS = 22;
  private static final int KEPT_BYTES_EACH = 4 << 20;

  private final ArrayBlockingQueue<byte[]>[] free;
  private final AtomicInteger held = new AtomicInteger();

  @SuppressWarnings({"unchecked", "rawtypes"})
  public MessagePool() {
    free = new ArrayBlockingQueue[LARGEST_BITS - SMALLEST_BITS + 1];
    for (int i = 0; i < free.length; i++) {
      free[i] =
          new ArrayBlockingQueue<>(
              Math.max(1, Math.min(256, KEPT_BYTES_EACH >> (SMALLEST_BITS + i))));
    }
  }

  /**
   * Reads a message to its end.
   *
   * @param expected its length as far as it is known: compressed messages turn out to be longer
   * @return held once, by the caller
   */
  public MessageBytes read(InputStream stream, int expected) throws IOException {
    byte[] array = take(expected);
    int length = stream.readNBytes(array, 0, array.length);
    int next = length == array.length ? stream.read() : -1;
    if (next >= 0) {
      byte[] whole = readOn(array, (byte) next, stream);
      keep(array);
      array = whole;
      length = whole.length;
    }
    MessageBytes message = new MessageBytes(this, array, length);
    held.incrementAndGet();
    return message;
  }

  /** Messages that somebody holds. */
  public int held() {
    return held.get();
  }

  void giveBack(byte[] array) {
    held.decrementAndGet();
    keep(array);
  }

  private byte[] take(int length) {
    int bits = bits(length);
    if (bits > LARGEST_BITS) {
      return new byte[length];
    }
    byte[] kept = free[bits - SMALLEST_BITS].poll();
    return kept != null ? kept : new byte[1 << bits];
  }

  private void keep(byte[] array) {
    int bits = bits(array.length);
    if (bits <= LARGEST_BITS && array.length == 1 << bits) {
      // If enough of this size are kept, the collector takes it.
      free[bits - SMALLEST_BITS].offer(array);
    }
  }

  private static byte[] readOn(byte[] first, byte next, InputStream stream) throws IOException {
    byte[] tail = stream.readAllBytes();
    byte[] whole = Arrays.copyOf(first, first.length + 1 + tail.length);
    whole[first.length] = next;
    System.arraycopy(tail, 0, whole, first.length + 1, tail.length);
    return whole;
  }

  private static int bits(int length) {
    return Math.max(SMALLEST_BITS, 32 - Integer.numberOfLeadingZeros(Math.max(1, length) - 1));
  }
}
