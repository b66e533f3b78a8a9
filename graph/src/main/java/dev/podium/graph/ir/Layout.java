package dev.podium.graph.ir;

import java.util.ArrayList;
import java.util.List;

/**
 * Where the exported tensor has its rows, given the shape that it has for one row.
 *
 * @param axis the axis of the exported tensor that rows lie on
 * @param flat false: the axis holds exactly the rows, and the shape of one row lacks it. True: the
 *     axis holds, row after row, as many entries as the shape of one row says at this axis
 */
public record Layout(int axis, boolean flat) {
  public static final Layout ROWS_FIRST = new Layout(0, false);

  /** The axis of one row's value, or -1 for the row axis itself. */
  public int rowAxis(int exportedAxis) {
    if (exportedAxis == axis) {
      return -1;
    }
    return flat || exportedAxis < axis ? exportedAxis : exportedAxis - 1;
  }

  /** Shape of the exported tensor. */
  public static List<AffineDim> exported(Layout layout, List<Integer> shape) {
    List<AffineDim> dims = new ArrayList<>();
    for (int dim : shape) {
      dims.add(AffineDim.of(dim));
    }
    if (layout != null) {
      if (layout.flat) {
        dims.set(layout.axis, new AffineDim(shape.get(layout.axis), 0));
      } else {
        dims.add(layout.axis, AffineDim.ROWS);
      }
    }
    return dims;
  }

  public int exportedRank(int rowRank) {
    return flat ? rowRank : rowRank + 1;
  }
}
