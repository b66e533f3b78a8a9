package dev.podium.graph;

import dev.podium.graph.ir.Op;
import dev.podium.graph.lowering.Bag;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * Sums of embeddings that the candidate half takes as inputs instead of computing them. For each
 * candidate row, {@code s = Σ_i table[start_i + id_i]} over the rows of one table in which several
 * lie end to end; {@code s} is the values of one row of each of {@link #sums()}, side by side. The
 * share of the context's ids is the same for all rows of a request. As ONNX operators, every
 * summand would be written to memory and read again; here they are added up as they are read.
 *
 * <p>An id, with its shift, counts from its table's end if it is negative, as in a look-up of its
 * own; one outside {@code [-size, size - 1]} is an error.
 *
 * @param ids what selects rows of the table
 * @param table a graph without inputs, with one output, {@link #TABLE}: FLOAT32 of shape {@code
 *     [ids, width]}. Weights that lie beside the model file stay there
 * @param sums inputs of the candidate half, FLOAT32, rows on the first axis. The width of the table
 *     is the sum of their sizes a row
 */
public record EmbeddingBag(List<Id> ids, OnnxGraph table, List<TensorInfo> sums) {
  /** Name of the output of {@link #table()}. */
  public static final String TABLE = Bag.TABLE;

  /** Copies the lists. */
  public EmbeddingBag {
    ids = List.copyOf(ids);
    sums = List.copyOf(sums);
  }

  static EmbeddingBag of(Bag bag) {
    List<Id> ids = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bag.ids().size(); i++) {
      Op.IdSource id = bag.ids().get(i);
      int size = bag.sizes().get(i);
      ids.add(new Id(id.input(), id.column(), id.context(), id.shift(), start, size));
      start += size;
    }
    return new EmbeddingBag(ids, bag.table(), bag.sums());
  }

  /**
   * One id of each candidate row, or of the context.
   *
   * @param input the input of the exported graph that holds it, INT64, INT32, FLOAT32 or FLOAT64;
   *     fractions are cut off
   * @param column its column there; 0 where the input has one value a row
   * @param context whether it is the same for all rows of a request
   * @param shift what is added to it first
   * @param start first row of its table in the whole
   * @param size rows of its table
   */
  public record Id(String input, int column, boolean context, long shift, int start, int size) {}
}
