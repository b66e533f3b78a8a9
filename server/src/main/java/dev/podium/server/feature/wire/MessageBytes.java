package dev.podium.server.feature.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.IntConsumer;

/**
 * One message's bytes, and how many hold them: the request that brought them, and whoever reads
 * them meanwhile. When the last one lets go, the array goes back to its pool, and what was paid for
 * the bytes is refunded. Thread-safe; the bytes themselves don't change.
 */
public final class MessageBytes {
  private static final VarHandle HOLDERS;

  static {
    try {
      HOLDERS = MethodHandles.lookup().findVarHandle(MessageBytes.class, "holders", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Null for an array that is the caller's own. */
  private final MessagePool pool;

  private final byte[] array;
  private final int length;
  private IntConsumer refund;
  private volatile int holders = 1;

  MessageBytes(MessagePool pool, byte[] array, int length) {
    this.pool = pool;
    this.array = array;
    this.length = length;
  }

  /** Bytes in an array that no pool wants back; held once. */
  public static MessageBytes of(byte[] array, int length) {
    return new MessageBytes(null, array, length);
  }

  /** Holds the message from index 0; may be longer than it. */
  public byte[] array() {
    return array;
  }

  /** Bytes of the message. */
  public int length() {
    return length;
  }

  /**
   * Says what to do with the number of bytes once nobody holds them. Called at most once, by the
   * only holder.
   */
  public void onFree(IntConsumer then) {
    refund = then;
  }

  /**
   * Holds the bytes once more, unless nobody does any longer: they may be another message's then.
   *
   * @return whether {@link #release} is to follow
   */
  public boolean tryRetain() {
    while (true) {
      int now = holders;
      if (now == 0) {
        return false;
      }
      if (HOLDERS.compareAndSet(this, now, now + 1)) {
        return true;
      }
    }
  }

  /**
   * Lets go. Once for each hold.
   *
   * @throws IllegalStateException if nobody holds them
   */
  public void release() {
    int left = (int) HOLDERS.getAndAdd(this, -1) - 1;
    if (left < 0) {
      HOLDERS.getAndAdd(this, 1);
      throw new IllegalStateException("message: released more often than held");
    }
    if (left > 0) {
      return;
    }
    try {
      if (refund != null) {
        refund.accept(length);
      }
    } finally {
      if (pool != null) {
        pool.giveBack(array);
      }
    }
  }
}
