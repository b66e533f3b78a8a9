package dev.podium.graph.ir;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.TextFormat;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.Tensors;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Functions of one row as text, one value a line, operands before users:
 *
 * <pre>
 * %0 = weight "embedding" float32[40, 4]
 * %1 = context "user" int64[]
 * %2 = Gather axis=0 %0 %1 : float32[4] context
 * %3 = candidate "price" float32[4]
 * %4 = Mul %2 %3 : float32[4] candidate
 * result "score" rows=0 %4
 * </pre>
 *
 * <p>Weights are named; only a few values of small ones are spelt out. {@link Parser} reads what
 * {@link #full()} prints.
 */
public final class Printer {
  /** More values say little to a reader. */
  private static final int FEW = 16;

  private final boolean brief;

  private Printer(boolean brief) {
    this.brief = brief;
  }

  /** For people: leaves out the values of larger literals, and what operators left as exported. */
  public static Printer brief() {
    return new Printer(true);
  }

  /** For the parser. */
  public static Printer full() {
    return new Printer(false);
  }

  /** The text of a function. Equal functions have equal texts. */
  public String print(RowFunction function) {
    StringBuilder text = new StringBuilder();
    Map<Node, String> names = new HashMap<>();
    for (Node node : function.order()) {
      String name = "%" + names.size();
      names.put(node, name);
      text.append(name).append(" = ");
      if (TextForm.isSource(node.op().getClass())) {
        text.append(source(node, function.nodes().weights()));
      } else {
        text.append(TextForm.word(node.op())).append(fields(node.op()));
        node.inputs().forEach(input -> text.append(' ').append(names.get(input)));
        text.append(" : ").append(TextForm.type(node.type(), node.shape()));
        text.append(' ').append(TextForm.word(node.role()));
      }
      text.append('\n');
    }
    for (RowFunction.Output output : function.outputs()) {
      text.append("result ").append(TextForm.quoted(output.name()));
      text.append(" rows=").append(layout(output.layout()));
      text.append(' ').append(names.get(output.value())).append('\n');
    }
    return text.toString();
  }

  private String source(Node node, Weights weights) {
    String type = TextForm.type(node.type(), node.shape());
    if (node.op() instanceof Op.Input input) {
      return TextForm.word(node.role()) + " " + TextForm.quoted(input.name()) + " " + type;
    } else if (node.op() instanceof Op.Initialiser weight) {
      String values = node.size() <= FEW ? values(weights.get(weight.name())) : null;
      return "weight "
          + TextForm.quoted(weight.name())
          + " "
          + type
          + (values == null ? "" : " " + values);
    }
    TensorProto tensor = ((Op.Literal) node.op()).tensor();
    String values = brief && node.size() > FEW ? "{... " + node.size() + "}" : values(tensor);
    return "literal " + type + " " + (values == null ? message(tensor) : values);
  }

  /** Null where they can't be read. */
  private static String values(TensorProto tensor) {
    ElementType type = ElementType.of(tensor.getDataType());
    if (type == ElementType.INT64) {
      long[] whole = Tensors.wholeNumbers(tensor);
      return whole == null
          ? null
          : list(IntStream.range(0, whole.length).mapToObj(i -> Long.toString(whole[i])).toList());
    }
    double[] values = Tensors.values(tensor);
    if (values == null) {
      return null;
    }
    boolean single = type == ElementType.FLOAT32;
    return list(
        IntStream.range(0, values.length)
            .mapToObj(
                i ->
                    type.isFloat()
                        ? single ? Float.toString((float) values[i]) : Double.toString(values[i])
                        : Long.toString((long) values[i]))
            .toList());
  }

  private static String list(List<String> values) {
    boolean uniform = values.size() > 1 && values.stream().distinct().count() == 1;
    return uniform ? "{all " + values.get(0) + "}" : "{" + String.join(", ", values) + "}";
  }

  private String fields(Op op) {
    StringBuilder text = new StringBuilder();
    if (op instanceof Op.Elementwise elementwise) {
      elementwise
          .attributes()
          .forEach(a -> text.append(' ').append(a.getName()).append('=').append(attribute(a)));
      return text.toString();
    }
    for (RecordComponent component : op.getClass().getRecordComponents()) {
      if (!component.getName().equals("type")) {
        text.append(' ').append(component.getName()).append('=').append(field(op, component));
      }
    }
    return text.toString();
  }

  private String field(Op op, RecordComponent component) {
    Object value;
    try {
      value = component.getAccessor().invoke(op);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(op + ": " + component.getName() + " can't be read", e);
    }
    if (value instanceof String text) {
      return TextForm.quoted(text);
    } else if (value == null || value instanceof Layout) {
      return layout((Layout) value);
    } else if (value instanceof Numbers numbers) {
      String all = numbers.values().stream().map(AffineDim::toString).collect(joined());
      return TextForm.word(numbers.type()) + (numbers.scalar() ? "(" + all + ")" : "[" + all + "]");
    } else if (value instanceof NodeProto node) {
      return brief ? TextForm.quoted(node.getOpType() + " " + node.getName()) : message(node);
    } else if (value instanceof List<?> list) {
      return "[" + list.stream().map(Printer::element).collect(joined()) + "]";
    }
    return value.toString();
  }

  private static java.util.stream.Collector<CharSequence, ?, String> joined() {
    return Collectors.joining(", ");
  }

  private static String element(Object value) {
    if (value instanceof Op.IdSource id) {
      return (id.context() ? "context " : "candidate ")
          + TextForm.quoted(id.input())
          + " "
          + id.column()
          + " "
          + id.shift();
    }
    return value.toString();
  }

  private static String layout(Layout layout) {
    return layout == null ? "none" : layout.axis() + (layout.flat() ? "flat" : "");
  }

  private static String attribute(AttributeProto attribute) {
    return switch (attribute.getType()) {
      case INT -> Long.toString(attribute.getI());
      case FLOAT -> attribute.getF() + "f";
      case INTS -> attribute.getIntsList().toString();
      default -> message(attribute);
    };
  }

  private static String message(MessageOrBuilder message) {
    return TextForm.quoted(TextFormat.printer().shortDebugString(message));
  }
}
