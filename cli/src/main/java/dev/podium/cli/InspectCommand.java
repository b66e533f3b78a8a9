package dev.podium.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.graph.Trace;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.engine.ort.PassTrace;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.repository.ModelFolder;
import dev.podium.server.repository.loader.LoadedVersion;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a model takes and gives, and how it is run. */
@Command(name = "inspect", description = "Loads a model folder and shows its signature.")
final class InspectCommand implements Runnable {
  enum Output {
    TABLE,
    JSON
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "A model folder, or one of its version folders.")
  private Path folder;

  @Option(
      names = "--output",
      paramLabel = "FORM",
      defaultValue = "table",
      description = "table or json. Default: ${DEFAULT-VALUE}.")
  private Output output;

  @Option(
      names = "--save",
      paramLabel = "DIR",
      description = "Write the two halves of the compiled graph to this folder.")
  private Path save;

  @Option(
      names = "--trace-passes",
      description =
          "Print the function of one row as it was imported, and after each pass of the compiler"
              + " that changed it.")
  private boolean tracePasses;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    try {
      // Two workers, since a tile is measured beside another, too, as in a server.
      LoadedVersion version =
          ModelFolder.load(
              folder,
              new OnnxEngine(),
              EngineOptions.DEFAULT.withWorkers(2),
              TuningOptions.DEFAULT);
      try (RankingSession session = version.session()) {
        if (save != null) {
          save(session);
        }
        if (output == Output.JSON) {
          ObjectNode root = json(version);
          if (tracePasses) {
            ArrayNode steps = root.putArray("passes");
            trace(
                version,
                (step, function) -> steps.addObject().put("step", step).put("function", function));
          }
          out.println(root.toPrettyString());
        } else {
          print(version, session, out);
          if (tracePasses) {
            trace(version, (step, function) -> out.printf("%n%s:%n%s", step, function));
          }
        }
      }
    } catch (ModelException e) {
      throw CommandException.wrong(e.getMessage());
    }
  }

  private static void trace(LoadedVersion version, Trace trace) throws ModelException {
    PassTrace.run(version.folder().graph(), version.signature(), TuningOptions.DEFAULT, trace);
  }

  private void save(RankingSession session) {
    try {
      session.saveHalves(save);
    } catch (IOException e) {
      throw CommandException.failed("--save " + save + ": " + e, e);
    } catch (IllegalStateException e) {
      throw CommandException.failed("--save " + save + ": " + e.getMessage(), e);
    }
  }

  private static void print(LoadedVersion version, RankingSession session, PrintWriter out) {
    Signature signature = version.signature();
    out.println(version + (version.description().isEmpty() ? "" : ": " + version.description()));
    out.println("execution providers: " + String.join(", ", version.providers()));
    version.notes().forEach(note -> out.println("note: " + note));
    out.println();
    Table features =
        new Table()
            .left("feature")
            .left("role")
            .left("kind")
            .left("sent as")
            .left("ids")
            .left("default")
            .left("graph input");
    for (Feature feature : signature.features()) {
      features.row(
          feature.name(),
          lower(feature.role()),
          lower(feature.kind()),
          feature.wireType().toString(),
          ids(feature.ids()),
          feature.required() ? "required" : String.valueOf(feature.defaultValue()),
          input(signature, feature));
    }
    features.print(out, "");
    out.println();
    Table outputs = new Table().left("output").right("scores a candidate").left("graph output");
    for (Signature.Output one : signature.outputs()) {
      outputs.row(
          one.name(),
          Integer.toString(one.width()),
          session.outputs().get(one.tensor()).toString());
    }
    outputs.print(out, "");
    out.println();
    new ExecutionText(session).print(out);
  }

  private static ObjectNode json(LoadedVersion version) {
    Signature signature = version.signature();
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("model", version.model());
    root.put("version", version.number());
    root.put("description", version.description());
    version.providers().forEach(root.putArray("execution_providers")::add);
    version.notes().forEach(root.putArray("notes")::add);
    ArrayNode features = root.putArray("features");
    for (Feature feature : signature.features()) {
      ObjectNode node = features.addObject();
      node.put("name", feature.name());
      node.put("role", lower(feature.role()));
      node.put("kind", lower(feature.kind()));
      node.put("wire_type", feature.wireType().toString());
      node.put("width", feature.width());
      node.put("ids", ids(feature.ids()));
      node.put("required", feature.required());
      node.put("input", signature.inputs().get(feature.input()).name());
      node.put("column", feature.column());
    }
    ArrayNode outputs = root.putArray("outputs");
    for (Signature.Output one : signature.outputs()) {
      outputs.addObject().put("name", one.name()).put("width", one.width());
    }
    root.set("execution", new ExecutionText(version.session()).json());
    return root;
  }

  private static String ids(IdRule ids) {
    if (ids instanceof IdRule.Bounded bounded) {
      return "0 to " + (bounded.size() - 1) + unknown(ids);
    }
    if (ids instanceof IdRule.Listed listed) {
      return "vocabulary of " + listed.vocabulary().size() + unknown(ids);
    }
    if (ids instanceof IdRule.Hashed hashed) {
      return lower(hashed.function()) + " into " + hashed.buckets();
    }
    return "as they are";
  }

  private static String unknown(IdRule ids) {
    return ids.outOfVocabulary() == IdRule.NO_ID ? "" : ", others " + ids.outOfVocabulary();
  }

  private static String input(Signature signature, Feature feature) {
    var input = signature.inputs().get(feature.input());
    boolean whole = feature.width() == input.rowElements();
    return input
        + (whole
            ? ""
            : ", columns " + feature.column() + " to " + (feature.column() + feature.width() - 1));
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
