package dev.podium.server.rpc;

/**
 * A message's bytes in an array that is used again. Has one owner, who gives it back to its pool
 * once.
 */
final class MessageBytes {
  private final MessagePool pool;
  private final byte[] array;
  private int length;

  MessageBytes(MessagePool pool, byte[] array) {
    this.pool = pool;
    this.array = array;
  }

  byte[] array() {
    return array;
  }

  /** Bytes of the message; the array may be longer. */
  int length() {
    return length;
  }

  void setLength(int length) {
    this.length = length;
  }

  void release() {
    pool.giveBack(this);
  }
}
