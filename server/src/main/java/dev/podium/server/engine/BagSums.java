package dev.podium.server.engine;

import dev.podium.graph.EmbeddingBag;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.TensorBuffers;
import dev.podium.server.feature.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;

/**
 * Adds up one bag's table rows for the candidates of a tile, in the buffers of one worker. A row's
 * sum stays in the core's cache until it is complete.
 */
final class BagSums {
  private final LoadedBag loaded;
  private final TensorBuffers buffers;
  private final int[] inputs;
  private final int[] entries;
  private final float[] sum;
  private final FloatBuffer[] targets;
  private final int[] widths;

  /**
   * @param buffers the candidate half's: the ids are read from them and the sums written to them
   */
  BagSums(LoadedBag loaded, TensorBuffers buffers) {
    this.loaded = loaded;
    this.buffers = buffers;
    List<EmbeddingBag.Id> ids = loaded.bag().ids();
    inputs = new int[ids.size()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = index(ids.get(i).input());
    }
    entries = new int[Math.multiplyExact(buffers.capacity(), inputs.length)];
    sum = new float[loaded.width()];
    int sums = loaded.bag().sums().size();
    targets = new FloatBuffer[sums];
    widths = new int[sums];
    for (int i = 0; i < sums; i++) {
      int target = index(loaded.bag().sums().get(i).name());
      ByteBuffer bytes = buffers.numbers(target);
      targets[i] = bytes.duplicate().order(bytes.order()).asFloatBuffer();
      widths[i] = buffers.rowElements(target);
    }
  }

  private int index(String name) {
    List<TensorSpec> specs = buffers.specs();
    for (int i = 0; i < specs.size(); i++) {
      if (specs.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException("no buffer for '" + name + "'");
  }

  /**
   * Sums for the first rows.
   *
   * @throws RankException if an id is out of its table
   */
  void fill(int rows) throws RankException {
    for (int i = 0; i < inputs.length; i++) {
      readIds(i, rows);
    }
    for (int row = 0; row < rows; row++) {
      addUp(row * inputs.length);
      int from = 0;
      for (int i = 0; i < targets.length; i++) {
        targets[i].put(row * widths[i], sum, from, widths[i]);
        from += widths[i];
      }
    }
  }

  private void readIds(int number, int rows) throws RankException {
    EmbeddingBag.Id id = loaded.bag().ids().get(number);
    int input = inputs[number];
    int stride = buffers.rowElements(input);
    LongBuffer longs = buffers.longs(input);
    for (int row = 0; row < rows; row++) {
      int element = row * stride + id.column();
      long value = longs != null ? longs.get(element) : number(input, element);
      long entry = value < 0 ? value + id.size() : value;
      if (entry < 0 || entry >= id.size()) {
        throw RankException.invalid(
            "input '"
                + id.input()
                + "': row "
                + row
                + (stride > 1 ? ", column " + id.column() : "")
                + ": "
                + value
                + " (expected: an id of its embedding, 0 to "
                + (id.size() - 1)
                + ")");
      }
      entries[row * inputs.length + number] = id.start() + (int) entry;
    }
  }

  private long number(int input, int element) {
    ByteBuffer bytes = buffers.numbers(input);
    return switch (buffers.specs().get(input).type()) {
      case INT64 -> bytes.getLong(element * Long.BYTES);
      case INT32 -> bytes.getInt(element * Integer.BYTES);
      case FLOAT -> (long) bytes.getFloat(element * Float.BYTES);
      case DOUBLE -> (long) bytes.getDouble(element * Double.BYTES);
      case BOOL, STRING -> throw new AssertionError("an id can't be a flag or text");
    };
  }

  private void addUp(int first) {
    float[][] table = loaded.table();
    int end = first + inputs.length;
    int at = first + 1;
    System.arraycopy(table[entries[first]], 0, sum, 0, sum.length);
    for (; at + 4 <= end; at += 4) {
      add(
          sum,
          table[entries[at]],
          table[entries[at + 1]],
          table[entries[at + 2]],
          table[entries[at + 3]]);
    }
    for (; at < end; at++) {
      add(sum, table[entries[at]]);
    }
  }

  // Apart and with equal indices only, so that the just-in-time compiler makes vectors of them.

  private static void add(float[] sum, float[] a, float[] b, float[] c, float[] d) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += (a[i] + b[i]) + (c[i] + d[i]);
    }
  }

  private static void add(float[] sum, float[] a) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += a[i];
    }
  }
}
