package dev.podium.server.repository.loader;

import dev.podium.server.engine.Engine;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.Graph;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.InputLayout;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.SignatureBuilder;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.repository.source.VersionFolders;
import dev.podium.server.schedule.ServedVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Loads one version from its folder: rules, graph, signature, warm-up. Thread-safe. */
public final class ModelLoader {
  private final Engine engine;
  private final EngineOptions defaults;
  private final TuningOptions tuningDefaults;
  private final Set<Path> allowedLibraries;

  public ModelLoader(
      Engine engine,
      EngineOptions defaults,
      TuningOptions tuningDefaults,
      Set<Path> allowedLibraries) {
    this.engine = engine;
    this.defaults = defaults;
    this.tuningDefaults = tuningDefaults;
    this.allowedLibraries = Set.copyOf(allowedLibraries);
  }

  /** Reads a model folder's {@code model.yaml}. */
  public static ModelYaml yaml(Path modelFolder) throws ModelException {
    return ModelYamlReader.read(modelFolder.resolve("model.yaml"));
  }

  public LoadedVersion load(Path modelFolder, long number) throws ModelException {
    String model = modelFolder.getFileName().toString();
    Path folder = modelFolder.resolve(Long.toString(number));
    boolean own = Files.exists(folder.resolve("model.yaml"));
    ModelYaml yaml = yaml(own ? folder : modelFolder);
    Graph graph =
        engine.load(folder.resolve("model.onnx"), yaml.engineOptions(defaults, allowedLibraries));
    try {
      InputLayout layout =
          new SignatureBuilder(graph.inputs())
              .layOut(yaml.features(), new VocabularyFolder(modelFolder));
      List<TensorSpec> outputs =
          graph.probeOutputs(
              layout.inputs(), SignatureBuilder.wantedOutputs(yaml.outputs(), graph.outputs()));
      Signature signature = SignatureBuilder.build(layout, yaml.outputs(), outputs);
      RankingSession session =
          graph.prepare(
              signature,
              outputs,
              yaml.tileRows(),
              yaml.tuningOptions(tuningDefaults),
              WarmUp.probes(signature, WarmUpRequests.read(folder)));
      return new LoadedVersion(
          new ServedVersion(model, number, signature, session, yaml.weight(), yaml.fallbackScore()),
          yaml.description(),
          graph.providers(),
          graph.notes(),
          VersionFolders.modelBytes(folder));
    } catch (ModelException | RuntimeException e) {
      graph.close();
      throw e;
    }
  }
}
