package dev.podium.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.podium.ranking.v1.RankRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a RankRequest in protobuf's JSON form, and says where it is wrong. */
final class RequestFile {
  private static final String STANDARD_INPUT = "-";

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /** The name or value that a sentence of protobuf's JSON reader is about. */
  private static final Pattern CULPRIT =
      Pattern.compile("(?:Cannot find field: |Invalid enum value: | value: )\"?([^\"\\s]+)");

  private RequestFile() {}

  /**
   * Reads a file.
   *
   * @param file a path, or {@code -} for {@code in}
   * @throws CommandException with exit status 2 if it can't be read or is not a RankRequest
   */
  static RankRequest read(String file, InputStream in) {
    String name = file.equals(STANDARD_INPUT) ? "standard input" : file;
    String json;
    try {
      byte[] bytes =
          file.equals(STANDARD_INPUT) ? in.readAllBytes() : Files.readAllBytes(Path.of(file));
      json = new String(bytes, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw CommandException.wrong(name + ": no such file", e);
    } catch (IOException e) {
      throw CommandException.wrong(name + ": can't be read: " + e.getMessage(), e);
    }
    return parse(name, json);
  }

  static RankRequest parse(String name, String json) {
    checkSyntax(name, json);
    RankRequest.Builder request = RankRequest.newBuilder();
    try {
      JsonFormat.parser().merge(json, request);
    } catch (InvalidProtocolBufferException e) {
      Matcher culprit = CULPRIT.matcher(e.getMessage());
      JsonLocation where = culprit.find() ? find(culprit.group(1), json) : null;
      String place = where == null ? name : at(name, where);
      throw CommandException.wrong(
          place + ": " + e.getMessage() + " (expected: a RankRequest in protobuf's JSON form)", e);
    }
    return request.build();
  }

  /** protobuf's reader takes trailing text and keys given twice as if they were not there. */
  private static void checkSyntax(String name, String json) {
    try (JsonParser parser = JSON.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw CommandException.wrong(
            at(name, parser.currentTokenLocation()) + ": no JSON object (expected: a RankRequest)");
      }
      parser.skipChildren();
      if (parser.nextToken() != null) {
        throw CommandException.wrong(
            at(name, parser.currentTokenLocation())
                + ": more after the end of the object (expected: one RankRequest)");
      }
    } catch (JsonProcessingException e) {
      throw CommandException.wrong(at(name, e.getLocation()) + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a string does not fail to be read
    }
  }

  /** The first place where a name or value stands; null if there is none. */
  private static JsonLocation find(String text, String json) {
    try (JsonParser parser = JSON.createParser(json)) {
      while (parser.nextToken() != null) {
        if (text.equals(parser.getText())) {
          return parser.currentTokenLocation();
        }
      }
      return null;
    } catch (IOException e) {
      return null; // the syntax was checked; without a place the sentence is still right
    }
  }

  private static String at(String name, JsonLocation where) {
    return name + ": line " + where.getLineNr() + ", column " + Math.max(1, where.getColumnNr());
  }
}
