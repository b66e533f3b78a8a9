package dev.podium.server.feature.signature;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import java.io.IOException;
import java.util.Locale;

/**
 * Any value, with YAML's words for numbers that are not finite ({@code .nan}, {@code .inf}, {@code
 * -.inf}), which Jackson takes for numbers and then can't read.
 */
final class YamlScalar extends StdDeserializer<Object> {
  private static final long serialVersionUID = 1L;

  YamlScalar() {
    super(Object.class);
  }

  @Override
  public Object deserialize(JsonParser parser, DeserializationContext context) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT) {
      switch (parser.getText().toLowerCase(Locale.ROOT)) {
        case ".nan":
          return Double.NaN;
        case ".inf", "+.inf":
          return Double.POSITIVE_INFINITY;
        case "-.inf":
          return Double.NEGATIVE_INFINITY;
        default:
      }
    }
    return context.readValue(parser, Object.class);
  }
}
