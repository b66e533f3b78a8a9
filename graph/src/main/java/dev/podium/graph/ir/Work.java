package dev.podium.graph.ir;

import dev.podium.graph.Report;
import java.util.Set;

/** Counts what halves cost, in multiply-adds of matrix products and bytes of results. */
public final class Work {
  private static final Set<String> FREE =
      Set.of("Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout");

  private Work() {}

  /** Whether an ONNX operator only gives a tensor another shape. */
  public static boolean isFree(String type) {
    return FREE.contains(type);
  }

  public static Report.Work plus(Report.Work a, Report.Work b) {
    return new Report.Work(
        a.multiplyAddsPerRequest() + b.multiplyAddsPerRequest(),
        a.multiplyAddsPerRow() + b.multiplyAddsPerRow(),
        a.bytesPerRequest() + b.bytesPerRequest(),
        a.bytesPerRow() + b.bytesPerRow());
  }

  public static Report.Work of(RowFunction function) {
    Report.Work work = Report.Work.NONE;
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
            plus(
                work,
                node.isCandidate()
                    ? new Report.Work(0, products, 0, bytes)
                    : new Report.Work(products, 0, bytes, 0));
      }
    }
    return work;
  }
}
