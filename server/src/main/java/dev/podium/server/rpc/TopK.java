package dev.podium.server.rpc;

import java.util.Arrays;

/** Chooses the best candidates. */
final class TopK {
  private TopK() {}

  /**
   * Positions of the k highest scores, highest first; equal scores keep their order.
   *
   * @param scores numbers; NaN marks a candidate that has none and is left out
   * @param k more than there are scores means all
   */
  static int[] of(float[] scores, int k) {
    int size = Math.min(k, scores.length);
    // The best keys are the smallest, and the worst of those kept is on top of the heap.
    long[] heap = new long[size];
    int kept = 0;
    for (int i = 0; i < scores.length && size > 0; i++) {
      if (Float.isNaN(scores[i])) {
        continue;
      }
      long key = key(scores[i], i);
      if (kept < size) {
        heap[kept++] = key;
        if (kept == size) {
          heapify(heap);
        }
      } else if (key < heap[0]) {
        heap[0] = key;
        sink(heap, 0);
      }
    }
    heap = Arrays.copyOf(heap, kept);
    Arrays.sort(heap);
    int[] positions = new int[kept];
    for (int i = 0; i < kept; i++) {
      positions[i] = (int) heap[i];
    }
    return positions;
  }

  /** Smaller for a higher score, then for an earlier position. */
  private static long key(float score, int position) {
    int bits = Float.floatToIntBits(score + 0.0f);
    int ascending = bits ^ (bits >> 31 & Integer.MAX_VALUE);
    return (long) ~ascending << 32 | position;
  }

  private static void heapify(long[] heap) {
    for (int i = heap.length / 2 - 1; i >= 0; i--) {
      sink(heap, i);
    }
  }

  private static void sink(long[] heap, int from) {
    int parent = from;
    long moved = heap[parent];
    while (true) {
      int child = 2 * parent + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && heap[child + 1] > heap[child]) {
        child++;
      }
      if (heap[child] <= moved) {
        break;
      }
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = moved;
  }
}
