package dev.podium.server.engine.bag;

import dev.podium.graph.EmbeddingBag;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import java.nio.LongBuffer;
import java.util.List;

/** Reads ids of a bag from buffers as rows of its table. */
final class EntryReader {
  private final List<EmbeddingBag.Id> ids;
  private final TensorBuffers buffers;
  private final int[] inputs;
  private final int[] entries;

  /**
   * @param ids those to read
   * @param buffers where they are
   */
  EntryReader(List<EmbeddingBag.Id> ids, TensorBuffers buffers) {
    this.ids = ids;
    this.buffers = buffers;
    inputs = ids.stream().mapToInt(id -> index(buffers, id.input())).toArray();
    entries = new int[Math.multiplyExact(buffers.capacity(), inputs.length)];
  }

  static int index(TensorBuffers buffers, String name) {
    for (int i = 0; i < buffers.specs().size(); i++) {
      if (buffers.specs().get(i).name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException("no buffer for '" + name + "'");
  }

  /** How many ids a row has. */
  int perRow() {
    return inputs.length;
  }

  /**
   * The first rows' entries, row by row, until the next call.
   *
   * @throws RankException if an id is out of its table
   */
  int[] read(int rows) throws RankException {
    for (int i = 0; i < inputs.length; i++) {
      read(i, rows);
    }
    return entries;
  }

  private void read(int number, int rows) throws RankException {
    EmbeddingBag.Id id = ids.get(number);
    int input = inputs[number];
    int stride = buffers.rowElements(input);
    LongBuffer longs = buffers.longs(input);
    for (int row = 0; row < rows; row++) {
      int element = row * stride + id.column();
      long value = longs != null ? longs.get(element) : (long) buffers.number(input, element);
      long shifted = value + id.shift();
      long entry = shifted < 0 ? shifted + id.size() : shifted;
      if (entry < 0 || entry >= id.size()) {
        throw RankException.invalid(
            "input '"
                + id.input()
                + "': row "
                + row
                + (stride > 1 ? ", column " + id.column() : "")
                + ": "
                + value
                + " (expected: an id of its embedding, "
                + -id.shift()
                + " to "
                + (id.size() - 1 - id.shift())
                + ")");
      }
      entries[row * inputs.length + number] = id.start() + (int) entry;
    }
  }
}
