package dev.podium.server.feature.assembly;

import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.wire.InferMessage;
import dev.podium.server.feature.wire.TensorContents;
import dev.podium.server.feature.wire.TensorDatatype;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A request that brings a graph's inputs themselves, as the Open Inference Protocol does: ids
 * rather than what they stand for, context values once for every row. Nothing is looked up, but ids
 * outside their vocabulary are treated as those of a ranking request, and numbers that must be
 * finite are.
 */
public final class InferBinding implements Binding {
  private final InferMessage message;
  private final Signature signature;
  private final int rows;
  private final TensorDatatype[] types;
  private final TensorContents[] contents;
  private final boolean sharesContext;

  private InferBinding(
      InferMessage message, Signature signature, InferInputs inputs, boolean sharesContext) {
    this.message = message;
    this.signature = signature;
    this.rows = inputs.rows;
    this.types = inputs.types;
    this.contents = inputs.contents;
    this.sharesContext = sharesContext;
  }

  /**
   * Number of rows that a message says it has; 0 if it has no inputs.
   *
   * @throws RankException INVALID_ARGUMENT if its inputs disagree
   */
  public static int rows(InferMessage message) throws RankException {
    return InferInputs.rows(message);
  }

  /**
   * Binds a message to a model: checks the names, datatypes, shapes and sizes of its inputs.
   *
   * @param compareRows whether to find out if all rows have the same context; without it they count
   *     as different
   * @throws RankException INVALID_ARGUMENT, naming the input
   */
  public static InferBinding of(InferMessage message, Signature signature, boolean compareRows)
      throws RankException {
    InferInputs inputs = InferInputs.of(message, signature);
    boolean shares = compareRows && inputs.rows > 0 && SameContext.of(signature, inputs);
    return new InferBinding(message, signature, inputs, shares);
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
    RankBinding.hold(message.source());
    try {
      fillInputs(contextRow, target, firstRow, tally);
    } finally {
      message.source().release();
    }
  }

  private void fillInputs(
      TensorBuffers contextRow, TensorBuffers target, int firstRow, AssemblyTally tally)
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
        Defaults.fill(feature, target, firstRow);
        Defaults.repeat(feature, target, firstRow, count);
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
        "input "
            + Quoted.text(signature.inputs().get(feature.input()).name())
            + ": "
            + text
            + " in row "
            + row
            + " (expected: "
            + expected
            + ")");
  }
}
