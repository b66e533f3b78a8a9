package dev.podium.server.feature.signature;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The entries of a vocabulary and their positions. Entries lie end to end in one array and are
 * found by open addressing, so a look-up on bytes of a message makes no string. Immutable.
 */
public final class Vocabulary {
  private final byte[] text;
  private final int[] ends;
  private final int[] slots;

  /**
   * @param entries in the order of their ids
   * @throws IllegalArgumentException if an entry stands twice
   */
  public Vocabulary(List<String> entries) {
    byte[][] encoded = new byte[entries.size()][];
    int total = 0;
    for (int i = 0; i < encoded.length; i++) {
      encoded[i] = entries.get(i).getBytes(StandardCharsets.UTF_8);
      total = Math.addExact(total, encoded[i].length);
    }
    text = new byte[total];
    ends = new int[encoded.length];
    slots = new int[Integer.highestOneBit(Math.max(4, encoded.length)) * 4];
    int end = 0;
    for (int i = 0; i < encoded.length; i++) {
      System.arraycopy(encoded[i], 0, text, end, encoded[i].length);
      int slot = slotOf(encoded[i], 0, encoded[i].length);
      if (slots[slot] != 0) {
        throw new IllegalArgumentException(
            "vocabulary: '"
                + entries.get(i)
                + "' is both entry "
                + (slots[slot] - 1)
                + " and entry "
                + i);
      }
      slots[slot] = i + 1;
      end += encoded[i].length;
      ends[i] = end;
    }
  }

  /** Number of entries. */
  public int size() {
    return ends.length;
  }

  /** An entry by its position. */
  public String entry(int position) {
    int start = start(position);
    return new String(text, start, ends[position] - start, StandardCharsets.UTF_8);
  }

  /** The position of UTF-8 text, or -1. */
  public int find(byte[] bytes, int at, int length) {
    return slots[slotOf(bytes, at, length)] - 1;
  }

  /** The position of a whole number, which an entry holds in decimal, or -1. */
  public int find(long value) {
    return LongText.find(this, value);
  }

  /** The slot that holds this text, or the free one where it would go. */
  private int slotOf(byte[] bytes, int at, int length) {
    int mask = slots.length - 1;
    int slot = (int) HashFunction.XXHASH64.hash(bytes, at, length, 0) & mask;
    while (slots[slot] != 0) {
      int position = slots[slot] - 1;
      if (Arrays.equals(text, start(position), ends[position], bytes, at, at + length)) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private int start(int position) {
    return position == 0 ? 0 : ends[position - 1];
  }
}
