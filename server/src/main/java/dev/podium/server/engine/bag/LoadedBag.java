package dev.podium.server.engine.bag;

import dev.podium.graph.EmbeddingBag;
import java.util.List;

/**
 * A bag with its table in memory, one array a row: the compiler turns sums of whole arrays into
 * vector instructions, but not sums of stretches of one array. Shared by all workers.
 *
 * @param table as the runtime computed it from {@link EmbeddingBag#table()}
 */
public record LoadedBag(EmbeddingBag bag, float[][] table) {
  /** The same with the context's ids read from each row, for rows of different contexts. */
  public LoadedBag ofWholeRows() {
    List<EmbeddingBag.Id> ids =
        bag.ids().stream()
            .map(
                id ->
                    new EmbeddingBag.Id(
                        id.input(), id.column(), false, id.shift(), id.start(), id.size()))
            .toList();
    return new LoadedBag(new EmbeddingBag(ids, bag.table(), bag.sums()), table);
  }

  int width() {
    return table[0].length;
  }

  /** An upper bound of what a row's sum takes on slow machines, once it is compiled. */
  public double compiledMicrosPerRow() {
    return bag.ids().size() * (10 + 0.3 * width()) / 1e3;
  }
}
