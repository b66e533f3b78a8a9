package dev.podium.server.feature.assembly;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.feature.wire.InferMessage;
import dev.podium.server.feature.wire.InferMessage.Input;
import dev.podium.server.feature.wire.InferMessage.Span;
import dev.podium.server.feature.wire.InferMessage.Wanted;
import dev.podium.server.feature.wire.TensorContents;
import dev.podium.server.feature.wire.TensorDatatype;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A request that brings a graph's inputs themselves, as the Open Inference Protocol does: ids
 * rather than what they stand for, context values once for every row. Nothing is looked up, but ids
 * outside their vocabulary are treated as those of a ranking request, and numbers that must be
 * finite are.
 */
public final class InferBinding implements Binding {
  private final Signature signature;
  private final int rows;
  private final TensorDatatype[] types;
  private final TensorContents[] contents;
  private final boolean sharesContext;

  private InferBinding(
      Signature signature,
      int rows,
      TensorDatatype[] types,
      TensorContents[] contents,
      boolean sharesContext) {
    this.signature = signature;
    this.rows = rows;
    this.types = types;
    this.contents = contents;
    this.sharesContext = sharesContext;
  }

  /**
   * Number of rows that a message says it has; 0 if it has no inputs.
   *
   * @throws RankException INVALID_ARGUMENT if its inputs disagree
   */
  public static int rows(InferMessage message) throws RankException {
    long rows = -1;
    for (Input input : message.inputs()) {
      if (input.shape().isEmpty() || input.shape().get(0) < 0) {
        throw RankException.invalid(
            "input '"
                + input.name()
                + "': shape "
                + input.shape()
                + " (expected: the number of rows first)");
      }
      long own = input.shape().get(0);
      if (rows >= 0 && own != rows) {
        throw RankException.invalid(
            "input '"
                + input.name()
                + "': "
                + own
                + " rows (expected: "
                + rows
                + ", as input '"
                + message.inputs().get(0).name()
                + "' has)");
      }
      rows = own;
    }
    return (int) Math.min(Math.max(rows, 0), Integer.MAX_VALUE);
  }

  /**
   * Checks a message's inputs against a model's: names, datatypes, shapes, sizes.
   *
   * @param compareRows whether to find out if all rows have the same context; without it they count
   *     as different
   * @throws RankException INVALID_ARGUMENT, naming the input
   */
  public static InferBinding of(InferMessage message, Signature signature, boolean compareRows)
      throws RankException {
    int rows = rows(message);
    List<TensorSpec> specs = signature.inputs();
    TensorDatatype[] types = new TensorDatatype[specs.size()];
    TensorContents[] contents = new TensorContents[specs.size()];
    checkForms(message);
    for (int i = 0; i < message.inputs().size(); i++) {
      Input input = message.inputs().get(i);
      int index = signature.input(input.name());
      if (index < 0) {
        throw RankException.invalid(
            "input '"
                + input.name()
                + "': unknown (expected: "
                + specs.stream().map(TensorSpec::name).toList()
                + ")");
      }
      if (contents[index] != null) {
        throw RankException.invalid("input '" + input.name() + "': sent twice (expected: once)");
      }
      TensorSpec spec = specs.get(index);
      types[index] = datatype(input, spec);
      checkShape(input, spec, rows);
      Span raw = message.raw().isEmpty() ? null : message.raw().get(i);
      contents[index] = contents(message, input, raw, types[index], spec, rows);
    }
    checkComplete(signature, contents);
    boolean shares = compareRows && rows > 0 && sameContext(signature, types, contents, rows);
    return new InferBinding(signature, rows, types, contents, shares);
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public boolean sharesContext() {
    return sharesContext;
  }

  @Override
  public void fill(
      FeatureAssembler assembler,
      TensorBuffers contextRow,
      TensorBuffers target,
      int firstRow,
      AssemblyTally tally)
      throws RankException {
    for (int input = 0; input < contents.length; input++) {
      boolean context = false;
      boolean candidate = false;
      for (Feature feature : signature.featuresOf(input)) {
        context |= feature.role() == FeatureRole.CONTEXT;
        candidate |= feature.role() == FeatureRole.CANDIDATE;
      }
      if (contextRow != null && context) {
        fillInput(input, contextRow, 0, 1, tally);
      }
      if (contextRow == null || candidate) {
        fillInput(input, target, firstRow, rows, tally);
      }
    }
  }

  private void fillInput(
      int input, TensorBuffers target, int firstRow, int count, AssemblyTally tally)
      throws RankException {
    List<Feature> features = signature.featuresOf(input);
    if (contents[input] == null) {
      for (Feature feature : features) {
        tally.countDefaulted(signature.features().indexOf(feature));
        FeatureAssembler.fillDefault(feature, target, firstRow);
        FeatureAssembler.repeat(feature, target, firstRow, count);
      }
      return;
    }
    copy(input, target, firstRow, count);
    for (Feature feature : features) {
      check(feature, target, firstRow, count, tally);
    }
  }

  private void copy(int input, TensorBuffers target, int firstRow, int count) {
    TensorContents from = contents[input];
    TensorDtype type = target.specs().get(input).type();
    int first = firstRow * target.rowElements(input);
    int elements = count * target.rowElements(input);
    if (type == TensorDtype.STRING) {
      copyTexts(from, target.strings(input), first, elements);
      return;
    }
    ByteBuffer buffer = target.numbers(input);
    if (types[input] == Datatypes.of(type) && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
      int size = type.bytes();
      buffer.put(first * size, from.bytes(), from.at(), elements * size);
      return;
    }
    ByteBuffer raw = ByteBuffer.wrap(from.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    int size = types[input].bytes();
    for (int i = 0, at = from.at(); i < elements; i++, at += size) {
      int e = first + i;
      switch (type) {
        case INT64 -> buffer.putLong(e * Long.BYTES, types[input].integer(raw, at));
        case INT32 -> buffer.putInt(e * Integer.BYTES, (int) types[input].integer(raw, at));
        case BOOL -> buffer.put(e, (byte) types[input].integer(raw, at));
        case FLOAT -> buffer.putFloat(e * Float.BYTES, raw.getFloat(at));
        case DOUBLE ->
            buffer.putDouble(
                e * Double.BYTES,
                types[input] == TensorDatatype.FP32 ? raw.getFloat(at) : raw.getDouble(at));
        case STRING -> throw new AssertionError("text was copied above");
      }
    }
  }

  private static void copyTexts(TensorContents from, String[] target, int first, int elements) {
    ByteBuffer raw = ByteBuffer.wrap(from.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    int at = from.at();
    for (int i = 0; i < elements; i++) {
      int length = raw.getInt(at);
      target[first + i] =
          new String(from.bytes(), at + Integer.BYTES, length, StandardCharsets.UTF_8);
      at += Integer.BYTES + length;
    }
  }

  /** What assembly from features would have made sure of. */
  private void check(
      Feature feature, TensorBuffers target, int firstRow, int count, AssemblyTally tally)
      throws RankException {
    TensorDtype type = target.specs().get(feature.input()).type();
    if (type == TensorDtype.STRING) {
      return;
    }
    if (type == TensorDtype.BOOL) {
      checkBools(feature, target, firstRow, count);
      return;
    }
    boolean ids = feature.ids() != IdRule.NONE;
    boolean finite =
        !ids && feature.finite() && (type == TensorDtype.FLOAT || type == TensorDtype.DOUBLE);
    if (!ids && !finite) {
      return;
    }
    ByteBuffer buffer = target.numbers(feature.input());
    int rowElements = target.rowElements(feature.input());
    for (int row = 0; row < count; row++) {
      int first = (firstRow + row) * rowElements + feature.column();
      for (int e = first; e < first + feature.width(); e++) {
        double value =
            switch (type) {
              case INT64 -> buffer.getLong(e * Long.BYTES);
              case INT32 -> buffer.getInt(e * Integer.BYTES);
              case FLOAT -> buffer.getFloat(e * Float.BYTES);
              default -> buffer.getDouble(e * Double.BYTES);
            };
        if (finite) {
          if (!Double.isFinite(value)) {
            throw wrongValue(feature, value, row, "a finite number");
          }
        } else if (!(value >= 0 && value < feature.ids().size())) {
          replace(feature, target, e, value, row, tally);
        }
      }
    }
  }

  private void checkBools(Feature feature, TensorBuffers target, int firstRow, int count)
      throws RankException {
    ByteBuffer buffer = target.numbers(feature.input());
    int rowElements = target.rowElements(feature.input());
    for (int e = firstRow * rowElements; e < (firstRow + count) * rowElements; e++) {
      if (buffer.get(e) != 0 && buffer.get(e) != 1) {
        throw wrongValue(feature, buffer.get(e), e / rowElements - firstRow, "0 or 1");
      }
    }
  }

  private void replace(
      Feature feature,
      TensorBuffers target,
      int element,
      double value,
      int row,
      AssemblyTally tally)
      throws RankException {
    if (feature.sequence() != null && value == feature.sequence().padding()) {
      return;
    }
    long id = feature.ids().outOfVocabulary();
    if (id == IdRule.NO_ID) {
      throw wrongValue(
          feature,
          value,
          row,
          "0 to " + (feature.ids().size() - 1) + "; it has no out-of-vocabulary id");
    }
    tally.countOutOfVocabulary(signature.features().indexOf(feature));
    target.putNumber(feature.input(), element, id);
  }

  private RankException wrongValue(Feature feature, double value, int row, String expected) {
    String text = value == (long) value ? Long.toString((long) value) : Double.toString(value);
    return RankException.invalid(
        "input '"
            + signature.inputs().get(feature.input()).name()
            + "': "
            + text
            + " in row "
            + row
            + " (expected: "
            + expected
            + ")");
  }

  private static void checkForms(InferMessage message) throws RankException {
    int raw = message.raw().size();
    if (raw != 0 && raw != message.inputs().size()) {
      throw RankException.invalid(
          "raw_input_contents: "
              + raw
              + " (expected: "
              + message.inputs().size()
              + ", one for each input, or none)");
    }
    for (Input input : message.inputs()) {
      if (raw != 0 && input.contents() != null) {
        throw RankException.invalid(
            "input '"
                + input.name()
                + "': contents beside raw_input_contents (expected: one of them)");
      }
      refuseSharedMemory("input", input.name(), input.parameters().containsKey(SHARED_MEMORY));
    }
    for (Wanted output : message.wanted()) {
      refuseSharedMemory("output", output.name(), output.parameters().containsKey(SHARED_MEMORY));
      if (output.parameters().containsKey("classification")) {
        throw RankException.invalid(
            "output '"
                + output.name()
                + "': parameter 'classification' (expected: none; Podium gives scores)");
      }
    }
  }

  private static final String SHARED_MEMORY = "shared_memory_region";

  private static void refuseSharedMemory(String what, String name, boolean asked)
      throws RankException {
    if (asked) {
      throw RankException.invalid(
          what + " '" + name + "': in shared memory (expected: in the message)");
    }
  }

  private static TensorDatatype datatype(Input input, TensorSpec spec) throws RankException {
    TensorDatatype type = TensorDatatype.named(input.datatype());
    if (type == null || !Datatypes.fills(type, spec.type())) {
      throw RankException.invalid(
          "input '"
              + input.name()
              + "': datatype '"
              + input.datatype()
              + "' (expected: "
              + Datatypes.of(spec.type())
              + ")");
    }
    return type;
  }

  private static void checkShape(Input input, TensorSpec spec, int rows) throws RankException {
    long[] expected = spec.shape(rows);
    long[] came = input.shape().stream().mapToLong(Long::longValue).toArray();
    if (!Arrays.equals(expected, came)) {
      throw RankException.invalid(
          "input '"
              + input.name()
              + "': shape "
              + Arrays.toString(came)
              + " (expected: "
              + Arrays.toString(expected)
              + ")");
    }
  }

  private static TensorContents contents(
      InferMessage message, Input input, Span raw, TensorDatatype type, TensorSpec spec, int rows)
      throws RankException {
    long elements = (long) rows * spec.rowElements();
    if (elements * Math.max(1, type.bytes()) > Integer.MAX_VALUE) {
      throw RankException.invalid(
          "input '" + input.name() + "': " + elements + " elements (expected: fewer)");
    }
    if (raw == null) {
      Span typed = input.contents() == null ? new Span(0, 0) : input.contents();
      return TensorContents.typed(input.name(), message.bytes(), typed, type, (int) elements);
    }
    TensorContents contents = TensorContents.raw(message.bytes(), raw);
    if (type == TensorDatatype.BYTES) {
      checkTexts(input, contents, (int) elements);
    } else if (raw.length() != elements * type.bytes()) {
      throw RankException.invalid(
          "input '"
              + input.name()
              + "': "
              + raw.length()
              + " raw bytes (expected: "
              + elements * type.bytes()
              + ", for "
              + elements
              + " elements of "
              + type
              + ")");
    }
    return contents;
  }

  private static void checkTexts(Input input, TensorContents contents, int elements)
      throws RankException {
    int end = textsEnd(contents, elements);
    if (end != contents.at() + contents.length()) {
      throw RankException.invalid(
          "input '"
              + input.name()
              + "': "
              + contents.length()
              + " raw bytes (expected: just "
              + elements
              + " elements of BYTES, each its length in four bytes and then its bytes)");
    }
  }

  /** Where the first so many texts end; -1 if they aren't there. */
  private static int textsEnd(TensorContents contents, int elements) {
    ByteBuffer raw = ByteBuffer.wrap(contents.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    long at = contents.at();
    long end = (long) contents.at() + contents.length();
    for (int i = 0; i < elements; i++) {
      if (at + Integer.BYTES > end) {
        return -1;
      }
      int length = raw.getInt((int) at);
      at += Integer.BYTES + (long) length;
      if (length < 0 || at > end) {
        return -1;
      }
    }
    return (int) at;
  }

  private static void checkComplete(Signature signature, TensorContents[] contents)
      throws RankException {
    for (int i = 0; i < contents.length; i++) {
      if (contents[i] == null && signature.featuresOf(i).stream().anyMatch(Feature::required)) {
        throw RankException.invalid(
            "input '"
                + signature.inputs().get(i).name()
                + "': missing (expected: "
                + contents.length
                + " inputs; it has no default)");
      }
    }
  }

  /** Whether every row has the first row's context. */
  private static boolean sameContext(
      Signature signature, TensorDatatype[] types, TensorContents[] contents, int rows) {
    for (Feature feature : signature.features()) {
      TensorContents values = contents[feature.input()];
      if (feature.role() != FeatureRole.CONTEXT || values == null) {
        continue;
      }
      int rowElements = signature.inputs().get(feature.input()).rowElements();
      if (!sameRows(feature, rowElements, types[feature.input()], values, rows)) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameRows(
      Feature feature, int rowElements, TensorDatatype type, TensorContents values, int rows) {
    byte[] bytes = values.bytes();
    int stride = values.length() / rows;
    if (feature.width() == rowElements || type == TensorDatatype.BYTES) {
      // All rows are equal if each equals the next: one comparison of the tensor with itself,
      // moved by a row. For text the first row must be that long, too.
      boolean even =
          type != TensorDatatype.BYTES
              || (values.length() % rows == 0
                  && textsEnd(values, rowElements) == values.at() + stride);
      int last = values.at() + values.length();
      return even
          && Arrays.equals(bytes, values.at(), last - stride, bytes, values.at() + stride, last);
    }
    int first = values.at() + feature.column() * type.bytes();
    int length = feature.width() * type.bytes();
    for (int row = 1; row < rows; row++) {
      int at = first + row * stride;
      if (!Arrays.equals(bytes, first, first + length, bytes, at, at + length)) {
        return false;
      }
    }
    return true;
  }
}
