package dev.podium.loadtest.protocol;

import dev.podium.loadtest.fault.InputException;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.RankRequest;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A ranking request as the tensors that the exported graph takes: what is shared is repeated for
 * each candidate, text is looked up, sequences are cut off and filled up. Works before the clock
 * starts, so it is plain rather than fast.
 */
public final class FullTensors {

  private FullTensors() {}

  /**
   * Little-endian bytes of every input, in the mapping's order.
   *
   * @return buffers that are ready to be read, each of rows × columns elements
   */
  public static Map<String, ByteBuffer> expand(TensorMapping mapping, RankRequest request) {
    Map<String, FeatureColumn> columns = new HashMap<>();
    request.getContextList().forEach(column -> columns.put(column.getName(), column));
    int contextColumns = request.getContextCount();
    request
        .getCandidates()
        .getColumnsList()
        .forEach(column -> columns.put(column.getName(), column));
    if (columns.size() != contextColumns + request.getCandidates().getColumnsCount()) {
      throw new IllegalArgumentException("request: a feature twice (expected: each once)");
    }
    Set<String> shared = new HashSet<>();
    request.getContextList().forEach(column -> shared.add(column.getName()));
    int rows = request.getCandidates().getCount();
    Map<String, ByteBuffer> tensors = new LinkedHashMap<>();
    for (TensorMapping.Tensor tensor : mapping.tensors()) {
      tensors.put(
          tensor.name(),
          tensor.type() == TensorType.BYTES
              ? text(tensor, columns, shared, rows)
              : numbers(tensor, columns, shared, rows));
    }
    return tensors;
  }

  private static ByteBuffer numbers(
      TensorMapping.Tensor tensor,
      Map<String, FeatureColumn> columns,
      Set<String> shared,
      int rows) {
    int rowBytes = tensor.columns() * tensor.type().size();
    ByteBuffer target =
        ByteBuffer.allocate(Math.multiplyExact(rows, rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
    for (TensorMapping.Part part : tensor.parts()) {
      Cells cells = cells(part, columns);
      for (int row = 0; row < rows; row++) {
        target.position(row * rowBytes + part.firstColumn() * tensor.type().size());
        cells.write(shared.contains(part.feature().getName()) ? 0 : row, tensor.type(), target);
      }
    }
    return target.position(0).limit(rows * rowBytes);
  }

  private static ByteBuffer text(
      TensorMapping.Tensor tensor,
      Map<String, FeatureColumn> columns,
      Set<String> shared,
      int rows) {
    TensorMapping.Part part = tensor.parts().get(0);
    Cells cells = cells(part, columns);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int row = 0; row < rows; row++) {
      for (byte[] value : cells.text(shared.contains(part.feature().getName()) ? 0 : row)) {
        bytes.writeBytes(
            ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value.length).array());
        bytes.writeBytes(value);
      }
    }
    return ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Cells cells(TensorMapping.Part part, Map<String, FeatureColumn> columns) {
    FeatureColumn column = columns.get(part.feature().getName());
    if (column == null) {
      throw new IllegalArgumentException(
          "request: feature '"
              + part.feature().getName()
              + "' is missing (expected: all features)");
    }
    return new Cells(part, column);
  }

  /** One feature's cells, row by row. */
  private static final class Cells {
    private final TensorMapping.Part part;
    private final FeatureColumn column;
    private final int[] starts;

    Cells(TensorMapping.Part part, FeatureColumn column) {
      this.part = part;
      this.column = column;
      this.starts =
          part.feature().getKind() == Kind.KIND_SEQUENCE ? starts(rowLengths(column)) : null;
    }

    private static int[] starts(List<Integer> lengths) {
      int[] starts = new int[lengths.size() + 1];
      for (int i = 0; i < lengths.size(); i++) {
        starts[i + 1] = starts[i] + lengths.get(i);
      }
      return starts;
    }

    private static List<Integer> rowLengths(FeatureColumn column) {
      return switch (column.getValuesCase()) {
        case RAGGED_INT64_VALUES -> column.getRaggedInt64Values().getRowLengthsList();
        case RAGGED_FLOAT_VALUES -> column.getRaggedFloatValues().getRowLengthsList();
        case RAGGED_STRING_VALUES -> column.getRaggedStringValues().getRowLengthsList();
        default ->
            throw new IllegalArgumentException(
                "feature '"
                    + column.getName()
                    + "': "
                    + column.getValuesCase()
                    + " (expected: ragged)");
      };
    }

    void write(int row, TensorType type, ByteBuffer target) {
      int width = part.columns();
      int length = length(row);
      int kept = Math.min(length, width);
      int first = start(row) + (part.rule().cutLeft() ? length - kept : 0);
      int padding = width - kept;
      if (part.rule().padLeft()) {
        pad(padding, type, target);
      }
      for (int i = 0; i < kept; i++) {
        value(first + i, type, target);
      }
      if (!part.rule().padLeft()) {
        pad(padding, type, target);
      }
    }

    private void pad(int count, TensorType type, ByteBuffer target) {
      for (int i = 0; i < count; i++) {
        type.put(target, part.rule().paddingValue());
      }
    }

    private int length(int row) {
      return starts == null ? part.columns() : starts[row + 1] - starts[row];
    }

    private int start(int row) {
      return starts == null ? row * part.columns() : starts[row];
    }

    private void value(int index, TensorType type, ByteBuffer target) {
      switch (column.getValuesCase()) {
        case INT64_VALUES -> type.put(target, column.getInt64Values().getValues(index));
        case FLOAT_VALUES -> type.put(target, column.getFloatValues().getValues(index));
        case STRING_VALUES -> type.put(target, id(column.getStringValues().getValues(index)));
        case RAGGED_INT64_VALUES ->
            type.put(target, column.getRaggedInt64Values().getValues(index));
        case RAGGED_FLOAT_VALUES ->
            type.put(target, column.getRaggedFloatValues().getValues(index));
        case RAGGED_STRING_VALUES ->
            type.put(target, id(column.getRaggedStringValues().getValues(index)));
        default ->
            throw new IllegalArgumentException(
                "feature '"
                    + column.getName()
                    + "': "
                    + column.getValuesCase()
                    + " (expected: values)");
      }
    }

    private long id(String text) {
      Long id = part.rule().lookUp().getOrDefault(text, part.rule().outOfVocabulary());
      if (id == null) {
        throw new InputException(
            "feature '"
                + column.getName()
                + "': '"
                + text
                + "' (expected: an entry of its vocabulary)");
      }
      return id;
    }

    List<byte[]> text(int row) {
      List<String> values =
          starts == null
              ? column.getStringValues().getValuesList()
              : column.getRaggedStringValues().getValuesList();
      int length = length(row);
      int kept = Math.min(length, part.columns());
      int first = start(row) + (part.rule().cutLeft() ? length - kept : 0);
      List<byte[]> cells = new ArrayList<>();
      for (int i = 0; i < kept; i++) {
        cells.add(values.get(first + i).getBytes(StandardCharsets.UTF_8));
      }
      while (cells.size() < part.columns()) {
        cells.add(part.rule().padLeft() ? 0 : cells.size(), new byte[0]);
      }
      return cells;
    }
  }
}
