package dev.podium.server.feature.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.podium.inference.InferParameter;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferRequest.InferInputTensor;
import dev.podium.inference.ModelInferRequest.InferRequestedOutputTensor;
import dev.podium.server.fault.RankException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An {@code inference.ModelInferRequest} as it came: the message's bytes, and where in them each
 * tensor's elements lie. Immutable, so one request may be bound to several versions. Whoever reads
 * the bytes holds {@link #source} meanwhile.
 */
public final class InferMessage {
  /** Where something lies in the bytes. */
  public record Span(int at, int length) {
    /** The position after it. */
    public int end() {
      return at + length;
    }
  }

  /**
   * One input tensor.
   *
   * @param contents its {@code InferTensorContents}; null if it has none
   */
  public record Input(
      String name,
      String datatype,
      long[] shape,
      Map<String, InferParameter> parameters,
      Span contents) {}

  /** One output that is wanted. */
  public record Wanted(String name, Map<String, InferParameter> parameters) {}

  /** More inputs or outputs than any graph has, and few enough to note them all. */
  static final int MAX_TENSORS = 4_096;

  /** More dimensions than any tensor has. */
  static final int MAX_DIMENSIONS = 32;

  /** Parameters of the request and all its tensors. */
  static final int MAX_PARAMETERS = 1_024;

  private final MessageBytes source;
  private final byte[] bytes;
  private final List<Input> inputs = new ArrayList<>();
  private final List<Span> raw = new ArrayList<>();
  private final List<Wanted> outputs = new ArrayList<>();
  private final Map<String, InferParameter> parameters = new LinkedHashMap<>();
  private String modelName = "";
  private String modelVersion = "";
  private String id = "";
  private int parameterCount;

  private InferMessage(MessageBytes source) {
    this.source = source;
    this.bytes = source.array();
  }

  /**
   * Finds the tensors of a message.
   *
   * @param source held by the caller
   * @throws RankException INVALID_ARGUMENT if it isn't a ModelInferRequest
   */
  public static InferMessage parse(MessageBytes source) throws RankException {
    int length = source.length();
    InferMessage message = new InferMessage(source);
    try {
      message.read(CodedInputStream.newInstance(source.array(), 0, length));
    } catch (InvalidProtocolBufferException e) {
      throw RankException.invalid(
          "request: "
              + length
              + " bytes that are no inference.ModelInferRequest: "
              + e.getMessage());
    } catch (IOException e) {
      throw new AssertionError("an array can't fail to be read", e);
    }
    return message;
  }

  /** As {@link #parse(MessageBytes)}, of an array that is the caller's own. */
  public static InferMessage parse(byte[] bytes, int length) throws RankException {
    return parse(MessageBytes.of(bytes, length));
  }

  /** The bytes that all positions are in. */
  public MessageBytes source() {
    return source;
  }

  /** The model asked for; empty if the request names none. */
  public String modelName() {
    return modelName;
  }

  /** The version asked for, as text; empty if none is named. */
  public String modelVersion() {
    return modelVersion;
  }

  /** The caller's name for the request; may be empty. */
  public String id() {
    return id;
  }

  /** Values beside the tensors, by name. */
  public Map<String, InferParameter> parameters() {
    return parameters;
  }

  /** Names of the outputs asked for; empty for all. */
  public List<String> outputs() {
    return outputs.stream().map(Wanted::name).toList();
  }

  /** The message; what {@link Span} counts in. */
  public byte[] bytes() {
    return bytes;
  }

  /** The tensors, in order. */
  public List<Input> inputs() {
    return inputs;
  }

  /** Their raw elements, in the same order; empty if none came so. */
  public List<Span> raw() {
    return raw;
  }

  /** The outputs asked for, with their parameters. */
  public List<Wanted> wanted() {
    return outputs;
  }

  private void read(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case ModelInferRequest.MODEL_NAME_FIELD_NUMBER -> modelName = text(span(in, tag));
        case ModelInferRequest.MODEL_VERSION_FIELD_NUMBER -> modelVersion = text(span(in, tag));
        case ModelInferRequest.ID_FIELD_NUMBER -> id = text(span(in, tag));
        case ModelInferRequest.PARAMETERS_FIELD_NUMBER -> parameter(in, tag, parameters);
        case ModelInferRequest.INPUTS_FIELD_NUMBER -> input(in, tag);
        case ModelInferRequest.OUTPUTS_FIELD_NUMBER -> output(in, tag);
        case ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER -> {
          checkCount(raw.size(), MAX_TENSORS, "raw contents");
          raw.add(span(in, tag));
        }
        default -> in.skipField(tag);
      }
    }
  }

  private void input(CodedInputStream in, int outerTag) throws IOException {
    int outer = enter(in, outerTag);
    String name = "";
    String datatype = "";
    long[] shape = {};
    Map<String, InferParameter> settings = new LinkedHashMap<>(0);
    Span contents = null;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case InferInputTensor.NAME_FIELD_NUMBER -> name = text(span(in, tag));
        case InferInputTensor.DATATYPE_FIELD_NUMBER -> datatype = text(span(in, tag));
        case InferInputTensor.SHAPE_FIELD_NUMBER -> shape = shape(in, tag, shape);
        case InferInputTensor.PARAMETERS_FIELD_NUMBER -> parameter(in, tag, settings);
        case InferInputTensor.CONTENTS_FIELD_NUMBER -> contents = span(in, tag);
        default -> in.skipField(tag);
      }
    }
    leave(in, outer);
    checkCount(inputs.size(), MAX_TENSORS, "inputs");
    inputs.add(new Input(name, datatype, shape, settings, contents));
  }

  private void output(CodedInputStream in, int outerTag) throws IOException {
    int outer = enter(in, outerTag);
    String name = "";
    Map<String, InferParameter> settings = new LinkedHashMap<>(0);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case InferRequestedOutputTensor.NAME_FIELD_NUMBER -> name = text(span(in, tag));
        case InferRequestedOutputTensor.PARAMETERS_FIELD_NUMBER -> parameter(in, tag, settings);
        default -> in.skipField(tag);
      }
    }
    leave(in, outer);
    checkCount(outputs.size(), MAX_TENSORS, "outputs");
    outputs.add(new Wanted(name, settings));
  }

  private static long[] shape(CodedInputStream in, int tag, long[] before) throws IOException {
    if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
      return dimension(in, before);
    }
    long[] shape = before;
    int outer = enter(in, tag);
    while (in.getBytesUntilLimit() > 0) {
      shape = dimension(in, shape);
    }
    in.popLimit(outer);
    return shape;
  }

  private static long[] dimension(CodedInputStream in, long[] before) throws IOException {
    checkCount(before.length, MAX_DIMENSIONS, "dimensions of a tensor");
    long[] shape = Arrays.copyOf(before, before.length + 1);
    shape[before.length] = in.readRawVarint64();
    return shape;
  }

  private static void checkCount(int before, int most, String what)
      throws InvalidProtocolBufferException {
    if (before == most) {
      throw new InvalidProtocolBufferException("more than " + most + " " + what);
    }
  }

  /** One entry of a map: the key is field 1, the value field 2. */
  private void parameter(CodedInputStream in, int outerTag, Map<String, InferParameter> target)
      throws IOException {
    int outer = enter(in, outerTag);
    String key = "";
    InferParameter value = InferParameter.getDefaultInstance();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case 1 -> key = text(span(in, tag));
        case 2 -> {
          Span at = span(in, tag);
          value =
              InferParameter.parser()
                  .parseFrom(CodedInputStream.newInstance(bytes, at.at(), at.length()));
        }
        default -> in.skipField(tag);
      }
    }
    leave(in, outer);
    checkCount(parameterCount++, MAX_PARAMETERS, "parameters");
    target.put(key, value);
  }

  private String text(Span span) {
    return new String(bytes, span.at(), span.length(), StandardCharsets.UTF_8);
  }

  private static Span span(CodedInputStream in, int tag) throws IOException {
    int length = length(in, tag);
    int at = in.getTotalBytesRead();
    in.skipRawBytes(length);
    return new Span(at, length);
  }

  private static int enter(CodedInputStream in, int tag) throws IOException {
    return in.pushLimit(length(in, tag));
  }

  private static void leave(CodedInputStream in, int outer) throws IOException {
    in.checkLastTagWas(0);
    in.popLimit(outer);
  }

  private static int length(CodedInputStream in, int tag) throws IOException {
    if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
      throw new InvalidProtocolBufferException("field " + (tag >>> 3) + " has another wire type");
    }
    int length = in.readRawVarint32();
    if (length < 0) {
      throw new InvalidProtocolBufferException("a negative length");
    }
    return length;
  }
}
