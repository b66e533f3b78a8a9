package dev.podium.server.rpc;

import java.util.concurrent.ArrayBlockingQueue;

/**
 * Arrays for arriving messages, in sizes of powers of two. Keeps a bounded number of each, so that
 * a burst of large requests doesn't hold memory for good. Thread-safe.
 */
final class MessagePool {
  private static final int SMALLEST_BITS = 10;
  private static final int LARGEST_BITS = 22;
  private static final int KEPT_BYTES_EACH = 4 << 20;

  private final ArrayBlockingQueue<MessageBytes>[] free;

  @SuppressWarnings({"unchecked", "rawtypes"})
  MessagePool() {
    free = new ArrayBlockingQueue[LARGEST_BITS - SMALLEST_BITS + 1];
    for (int i = 0; i < free.length; i++) {
      free[i] =
          new ArrayBlockingQueue<>(
              Math.max(1, Math.min(256, KEPT_BYTES_EACH >> (SMALLEST_BITS + i))));
    }
  }

  /** An array of at least that many bytes. */
  MessageBytes take(int length) {
    int bits = bits(length);
    if (bits > LARGEST_BITS) {
      return new MessageBytes(this, new byte[length]);
    }
    MessageBytes kept = free[bits - SMALLEST_BITS].poll();
    return kept != null ? kept : new MessageBytes(this, new byte[1 << bits]);
  }

  void giveBack(MessageBytes bytes) {
    int length = bytes.array().length;
    int bits = bits(length);
    if (bits <= LARGEST_BITS && length == 1 << bits) {
      // If enough of this size are kept, the collector takes it.
      free[bits - SMALLEST_BITS].offer(bytes);
    }
  }

  private static int bits(int length) {
    return Math.max(SMALLEST_BITS, 32 - Integer.numberOfLeadingZeros(Math.max(1, length) - 1));
  }
}
