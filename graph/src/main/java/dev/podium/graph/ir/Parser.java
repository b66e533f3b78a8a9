package dev.podium.graph.ir;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.Tensors;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads functions of one row from the text that {@link Printer} writes. Nodes become what stands
 * there, with nothing simplified; shape, type and role after a colon may be left out, and are
 * compared with what follows from the operands where they are there. Lines that start with # are
 * comments, and values may be called by any word: {@code %item = ...}.
 */
public final class Parser {
  private final Weights weights = new Weights();
  private final Nodes nodes = new Nodes(weights);
  private final Map<String, Node> values = new HashMap<>();
  private final List<RowFunction.Output> outputs = new ArrayList<>();

  private Parser() {}

  /**
   * Reads a function.
   *
   * @throws IllegalArgumentException if the text is none; the message names the line
   */
  public static RowFunction parse(String text) {
    Parser parser = new Parser();
    int number = 0;
    for (String line : text.split("\n")) {
      number++;
      if (!line.isBlank() && !line.strip().startsWith("#")) {
        try {
          parser.line(new Words(line.strip()));
        } catch (RuntimeException e) {
          throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
        }
      }
    }
    RowFunction function = new RowFunction(parser.nodes, parser.outputs);
    Verifier.verify(function);
    return function;
  }

  private void line(Words words) {
    if (words.takes("result")) {
      String name = words.text();
      words.expect("rows");
      words.expect("=");
      Layout layout = layout(words.word());
      outputs.add(new RowFunction.Output(name, operand(words.word()), layout));
      words.end();
      return;
    }
    String name = words.word();
    if (!name.startsWith("%") || values.containsKey(name)) {
      throw new IllegalArgumentException(name + " (expected: %name of a new value)");
    }
    words.expect("=");
    values.put(name, value(words));
    words.end();
  }

  private Node value(Words words) {
    String word = words.word();
    switch (word) {
      case "context", "candidate" -> {
        String name = words.text();
        ElementType type = type(words.word());
        return nodes.input(name, word.equals("context"), words.integers(), type);
      }
      case "weight" -> {
        String name = words.text();
        ElementType type = type(words.word());
        List<Integer> shape = words.integers();
        TensorProto.Builder tensor =
            TensorProto.newBuilder().setDataType(type.onnxCode()).setName(name);
        shape.forEach(tensor::addDims);
        if (words.sees("{")) {
          tensor.setRawData(numbers(words, type, shape).getRawData());
        }
        weights.put(name, tensor.build());
        return nodes.initialiser(name);
      }
      case "literal" -> {
        ElementType type = type(words.word());
        List<Integer> shape = words.integers();
        return nodes.literal(
            words.sees("{")
                ? numbers(words, type, shape)
                : merged(words.text(), TensorProto.newBuilder()));
      }
      default -> {
        Op op = op(word, words);
        List<Node> operands = new ArrayList<>();
        while (words.sees("%")) {
          operands.add(operand(words.word()));
        }
        Node node = nodes.exactly(op, operands);
        if (words.takes(":")) {
          String known =
              TextForm.type(node.type(), node.shape()) + " " + TextForm.word(node.role());
          String said = words.rest();
          if (!said.equals(known)) {
            throw new IllegalArgumentException(said + " (expected: " + known + ")");
          }
        }
        return node;
      }
    }
  }

  private Node operand(String name) {
    Node node = values.get(name);
    if (node == null) {
      throw new IllegalArgumentException(name + " (expected: a value of a line above)");
    }
    return node;
  }

  private static TensorProto numbers(Words words, ElementType type, List<Integer> shape) {
    List<String> given = words.between('{', '}');
    int size = Shapes.size(shape);
    String all = given.size() == 1 && given.get(0).startsWith("all ") ? given.get(0) : null;
    if (all == null && given.size() != size) {
      throw new IllegalArgumentException(given.size() + " values (expected: " + size + ")");
    }
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      texts.add(all == null ? given.get(i) : all.substring("all ".length()));
    }
    TensorProto tensor =
        type == ElementType.INT64
            ? Tensors.longs(texts.stream().mapToLong(Long::parseLong).toArray())
            : Tensors.tensor(
                type, shape, texts.stream().mapToDouble(Double::parseDouble).toArray());
    TensorProto.Builder shaped = tensor.toBuilder().clearDims();
    shape.forEach(shaped::addDims);
    return shaped.build();
  }

  private static Op op(String word, Words words) {
    Class<?> kind = TextForm.kind(word);
    if (kind == Op.Elementwise.class) {
      List<AttributeProto> attributes = new ArrayList<>();
      while (words.seesField()) {
        attributes.add(attribute(words.field(), words));
      }
      return new Op.Elementwise(word, List.copyOf(attributes));
    }
    Map<String, Object> fields = new HashMap<>();
    Map<String, RecordComponent> components = new HashMap<>();
    for (RecordComponent component : kind.getRecordComponents()) {
      components.put(component.getName(), component);
    }
    while (words.seesField()) {
      String name = words.field();
      RecordComponent component = components.get(name);
      if (component == null) {
        throw new IllegalArgumentException(
            word + " " + name + " (expected: fields " + components.keySet() + ")");
      }
      fields.put(name, field(component, words));
    }
    if (TextForm.isWrittenAsType(kind)) {
      fields.put("type", word);
    }
    if (!fields.keySet().equals(components.keySet())) {
      throw new IllegalArgumentException(
          word + " " + fields.keySet() + " (expected: fields " + components.keySet() + ")");
    }
    return made(kind, fields);
  }

  private static Op made(Class<?> kind, Map<String, Object> fields) {
    RecordComponent[] components = kind.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] arguments = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      arguments[i] = fields.get(components[i].getName());
    }
    try {
      return (Op) kind.getDeclaredConstructor(types).newInstance(arguments);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(kind.getSimpleName() + ": can't be made", e);
    }
  }

  private static Object field(RecordComponent component, Words words) {
    Class<?> type = component.getType();
    if (type == int.class) {
      return Integer.parseInt(words.word());
    } else if (type == float.class) {
      return Float.parseFloat(words.word());
    } else if (type == String.class) {
      return words.text();
    } else if (type == Layout.class) {
      return layout(words.word());
    } else if (type == NodeProto.class) {
      return merged(words.text(), NodeProto.newBuilder());
    } else if (type == Numbers.class) {
      ElementType element = type(words.word());
      boolean scalar = words.sees("(");
      List<String> texts = scalar ? words.between('(', ')') : words.between('[', ']');
      return new Numbers(texts.stream().map(Parser::dim).toList(), scalar, element);
    } else if (component.getGenericType().getTypeName().contains("IdSource")) {
      return words.between('[', ']').stream().map(Parser::id).toList();
    } else if (type == List.class) {
      return words.integers();
    }
    throw new IllegalStateException(
        component + ": no text form (expected: a field of a type that is known here)");
  }

  private static Op.IdSource id(String text) {
    Words words = new Words(text);
    String side = words.word();
    String input = words.text();
    int column = Integer.parseInt(words.word());
    long shift = Long.parseLong(words.word());
    return new Op.IdSource(input, column, side.equals("context"), shift);
  }

  private static AffineDim dim(String text) {
    int rows = text.indexOf('N');
    if (rows < 0) {
      return AffineDim.of(Long.parseLong(text));
    }
    long perRow = rows == 0 ? 1 : Long.parseLong(text.substring(0, rows));
    String rest = text.substring(rows + 1);
    return new AffineDim(perRow, rest.isEmpty() ? 0 : Long.parseLong(rest.substring(1)));
  }

  private static AttributeProto attribute(String name, Words words) {
    AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name);
    if (words.sees("\"")) {
      return merged(words.text(), AttributeProto.newBuilder());
    } else if (words.sees("[")) {
      words.between('[', ']').forEach(value -> attribute.addInts(Long.parseLong(value)));
      return attribute.setType(AttributeProto.AttributeType.INTS).build();
    }
    String value = words.word();
    if (value.endsWith("f")) {
      float number = Float.parseFloat(value.substring(0, value.length() - 1));
      return attribute.setType(AttributeProto.AttributeType.FLOAT).setF(number).build();
    }
    return attribute.setType(AttributeProto.AttributeType.INT).setI(Long.parseLong(value)).build();
  }

  private static Layout layout(String text) {
    if (text.equals("none")) {
      return null;
    }
    boolean flat = text.endsWith("flat");
    return new Layout(Integer.parseInt(flat ? text.substring(0, text.length() - 4) : text), flat);
  }

  private static ElementType type(String word) {
    try {
      return ElementType.valueOf(word.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(word + " (expected: a type such as float32)", e);
    }
  }

  @SuppressWarnings("unchecked")
  private static <M extends Message> M merged(String text, Message.Builder builder) {
    try {
      TextFormat.merge(text, builder);
      return (M) builder.build();
    } catch (TextFormat.ParseException e) {
      throw new IllegalArgumentException(
          text + " (expected: an ONNX " + builder.getDescriptorForType().getName() + ")", e);
    }
  }
}
