package dev.podium.graph.ir;

/**
 * Work of a graph as a function of the number of rows: multiply-adds of matrix products, and bytes
 * of results. Operators that were not recognised count nothing.
 *
 * @param multiplyAddsPerRequest multiplications (each with its addition) done once a request
 * @param multiplyAddsPerRow those done for each row
 * @param bytesPerRequest bytes of all intermediate tensors, once a request
 * @param bytesPerRow those for each row
 */
public record Work(
    long multiplyAddsPerRequest, long multiplyAddsPerRow, long bytesPerRequest, long bytesPerRow) {
  /** No work. */
  public static final Work NONE = new Work(0, 0, 0, 0);

  /** Multiply-adds of one request of so many rows. */
  public long multiplyAdds(long rows) {
    return multiplyAddsPerRequest + multiplyAddsPerRow * rows;
  }

  /** Bytes of intermediate tensors of one request of so many rows. */
  public long bytes(long rows) {
    return bytesPerRequest + bytesPerRow * rows;
  }

  public Work plus(Work other) {
    return new Work(
        multiplyAddsPerRequest + other.multiplyAddsPerRequest,
        multiplyAddsPerRow + other.multiplyAddsPerRow,
        bytesPerRequest + other.bytesPerRequest,
        bytesPerRow + other.bytesPerRow);
  }

  /** What a function's halves cost. */
  public static Work of(RowFunction function) {
    Work work = NONE;
    for (Node node : function.order()) {
      boolean free =
          node.shape() == null
              || node.inputs().isEmpty()
              || node.op() instanceof Op.Reshape
              || node.role() == ValueRole.CONSTANT;
      if (!free) {
        long products =
            node.op() instanceof Op.MatMul ? (long) node.size() * node.input(0).dim(-1) : 0;
        long bytes = (long) node.size() * node.type().bytes();
        work =
            work.plus(
                node.isCandidate()
                    ? new Work(0, products, 0, bytes)
                    : new Work(products, 0, bytes, 0));
      }
    }
    return work;
  }
}
