package dev.podium.server.engine.bag;

import dev.podium.graph.EmbeddingBag;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Adds up one bag's table rows in the buffers of one worker: the context's share once a request,
 * the rest for each candidate. A row's sum stays in the core's cache until it is complete.
 */
public final class BagSums {
  private final float[][] table;
  private final EntryReader context;
  private final EntryReader candidates;
  private final float[] nothing;
  private final float[] sum;
  private final FloatBuffer[] targets;
  private final int[] widths;

  /**
   * @param contextRow the context half's buffers
   * @param candidateRows the candidate half's: ids are read from them and the sums written to them
   */
  public BagSums(LoadedBag loaded, TensorBuffers contextRow, TensorBuffers candidateRows) {
    table = loaded.table();
    context = new EntryReader(ids(loaded, true), contextRow);
    candidates = new EntryReader(ids(loaded, false), candidateRows);
    nothing = new float[loaded.width()];
    sum = new float[loaded.width()];
    int sums = loaded.bag().sums().size();
    targets = new FloatBuffer[sums];
    widths = new int[sums];
    for (int i = 0; i < sums; i++) {
      int target = EntryReader.index(candidateRows, loaded.bag().sums().get(i).name());
      ByteBuffer bytes = candidateRows.numbers(target);
      targets[i] = bytes.duplicate().order(bytes.order()).asFloatBuffer();
      widths[i] = candidateRows.rowElements(target);
    }
  }

  private static List<EmbeddingBag.Id> ids(LoadedBag loaded, boolean context) {
    return loaded.bag().ids().stream().filter(id -> id.context() == context).toList();
  }

  /**
   * The context's share of every row's sum.
   *
   * @throws RankException if an id is out of its table
   */
  public float[] shareOfContext() throws RankException {
    float[] share = new float[sum.length];
    addUp(share, context.read(1), 0, context.perRow());
    return share;
  }

  /**
   * Sums for the first rows of a bag whose ids all stand in the rows.
   *
   * @throws RankException if an id is out of its table
   */
  public void fill(int rows) throws RankException {
    fill(nothing, rows);
  }

  /**
   * Sums for the first rows.
   *
   * @param share the context's
   * @throws RankException if an id is out of its table
   */
  public void fill(float[] share, int rows) throws RankException {
    int[] entries = candidates.read(rows);
    int perRow = candidates.perRow();
    for (int row = 0; row < rows; row++) {
      System.arraycopy(share, 0, sum, 0, sum.length);
      addUp(sum, entries, row * perRow, perRow);
      int from = 0;
      for (int i = 0; i < targets.length; i++) {
        targets[i].put(row * widths[i], sum, from, widths[i]);
        from += widths[i];
      }
    }
  }

  private void addUp(float[] sum, int[] entries, int first, int count) {
    int end = first + count;
    int at = first;
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
