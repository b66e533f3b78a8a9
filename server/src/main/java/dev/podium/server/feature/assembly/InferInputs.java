package dev.podium.server.feature.assembly;

import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.feature.wire.InferMessage;
import dev.podium.server.feature.wire.InferMessage.Input;
import dev.podium.server.feature.wire.InferMessage.Span;
import dev.podium.server.feature.wire.InferMessage.Wanted;
import dev.podium.server.feature.wire.TensorContents;
import dev.podium.server.feature.wire.TensorDatatype;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A message's inputs, each where a signature has it, once their names, datatypes, shapes and sizes
 * have been checked. Of each input the datatype that it came in, and its elements; null if it
 * didn't come.
 */
final class InferInputs {
  private static final String SHARED_MEMORY = "shared_memory_region";

  final int rows;
  final TensorDatatype[] types;
  final TensorContents[] contents;

  private InferInputs(int rows, int inputs) {
    this.rows = rows;
    this.types = new TensorDatatype[inputs];
    this.contents = new TensorContents[inputs];
  }

  /** See {@link InferBinding#rows(InferMessage)}. */
  static int rows(InferMessage message) throws RankException {
    long rows = -1;
    for (Input input : message.inputs()) {
      if (input.shape().length == 0 || input.shape()[0] < 0) {
        throw wrong(input, "shape " + shape(input), "the number of rows first");
      }
      long own = input.shape()[0];
      if (rows >= 0 && own != rows) {
        throw wrong(
            input,
            own + " rows",
            rows + ", as input " + Quoted.text(message.inputs().get(0).name()) + " has");
      }
      rows = own;
    }
    return (int) Math.min(Math.max(rows, 0), Integer.MAX_VALUE);
  }

  /**
   * Checks and places a message's inputs.
   *
   * @throws RankException INVALID_ARGUMENT, naming the input
   */
  static InferInputs of(InferMessage message, Signature signature) throws RankException {
    checkForms(message);
    List<TensorSpec> specs = signature.inputs();
    InferInputs inputs = new InferInputs(rows(message), specs.size());
    for (int i = 0; i < message.inputs().size(); i++) {
      Input input = message.inputs().get(i);
      int index = signature.input(input.name());
      if (index < 0) {
        List<String> names = specs.stream().map(TensorSpec::name).toList();
        throw wrong(input, "unknown", Quoted.list(names));
      }
      if (inputs.contents[index] != null) {
        throw wrong(input, "sent twice", "once");
      }
      TensorSpec spec = specs.get(index);
      TensorDatatype type = datatype(input, spec);
      checkShape(input, spec, inputs.rows);
      Span raw = message.raw().isEmpty() ? null : message.raw().get(i);
      inputs.types[index] = type;
      inputs.contents[index] = contents(message, input, raw, type, spec, inputs.rows);
    }
    inputs.checkComplete(signature);
    return inputs;
  }

  /** Where the first so many texts end; -1 if they aren't there. */
  static int textsEnd(TensorContents contents, int elements) {
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
        throw wrong(input, "contents beside raw_input_contents", "one of them");
      }
      if (input.parameters().containsKey(SHARED_MEMORY)) {
        throw wrong(input, "in shared memory", "in the message");
      }
    }
    for (Wanted output : message.wanted()) {
      String name = "output " + Quoted.text(output.name());
      if (output.parameters().containsKey(SHARED_MEMORY)) {
        throw RankException.invalid(name + ": in shared memory (expected: in the message)");
      }
      if (output.parameters().containsKey("classification")) {
        throw RankException.invalid(
            name + ": parameter 'classification' (expected: none; Podium gives scores)");
      }
    }
  }

  private static TensorDatatype datatype(Input input, TensorSpec spec) throws RankException {
    TensorDatatype type = TensorDatatype.named(input.datatype());
    if (type == null || !Datatypes.fills(type, spec.type())) {
      throw wrong(
          input, "datatype " + Quoted.text(input.datatype()), Datatypes.of(spec.type()).toString());
    }
    return type;
  }

  private static void checkShape(Input input, TensorSpec spec, int rows) throws RankException {
    long[] expected = spec.shape(rows);
    if (!Arrays.equals(expected, input.shape())) {
      throw wrong(input, "shape " + shape(input), Arrays.toString(expected));
    }
  }

  private static TensorContents contents(
      InferMessage message, Input input, Span raw, TensorDatatype type, TensorSpec spec, int rows)
      throws RankException {
    long elements = (long) rows * spec.rowElements();
    if (elements * Math.max(1, type.bytes()) > Integer.MAX_VALUE) {
      throw wrong(input, elements + " elements", "fewer");
    }
    if (raw == null) {
      Span typed = input.contents() == null ? new Span(0, 0) : input.contents();
      return TensorContents.typed(input.name(), message.bytes(), typed, type, (int) elements);
    }
    TensorContents contents = TensorContents.raw(message.bytes(), raw);
    if (type == TensorDatatype.BYTES) {
      if (textsEnd(contents, (int) elements) != contents.at() + contents.length()) {
        throw wrong(
            input,
            raw.length() + " raw bytes",
            "just "
                + elements
                + " elements of BYTES, each its length in four bytes and then its bytes");
      }
    } else if (raw.length() != elements * type.bytes()) {
      throw wrong(
          input,
          raw.length() + " raw bytes",
          elements * type.bytes() + ", for " + elements + " elements of " + type);
    }
    return contents;
  }

  private void checkComplete(Signature signature) throws RankException {
    for (int i = 0; i < contents.length; i++) {
      if (contents[i] == null && signature.featuresOf(i).stream().anyMatch(Feature::required)) {
        throw RankException.invalid(
            "input "
                + Quoted.text(signature.inputs().get(i).name())
                + ": missing (expected: "
                + contents.length
                + " inputs; it has no default)");
      }
    }
  }

  private static String shape(Input input) {
    return Arrays.toString(input.shape());
  }

  private static RankException wrong(Input input, String came, String expected) {
    return RankException.invalid(
        "input " + Quoted.text(input.name()) + ": " + came + " (expected: " + expected + ")");
  }
}
