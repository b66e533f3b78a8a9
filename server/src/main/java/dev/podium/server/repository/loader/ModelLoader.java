package dev.podium.server.repository.loader;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.engine.Engine;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.Graph;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.InputLayout;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.SignatureBuilder;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.repository.loader.WarmUpRequests.Golden;
import dev.podium.server.repository.source.Fingerprint;
import dev.podium.server.repository.source.FoundModel;
import dev.podium.server.repository.source.VersionFolder;
import dev.podium.server.schedule.ServedVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/** Loads one version from its folder: rules, graph, signature, warm-up. Thread-safe. */
public final class ModelLoader implements VersionLoader {
  private static final Logger LOG = Logger.getLogger(ModelLoader.class.getName());
  private static final String RULES = "model.yaml";

  private final Engine engine;
  private final EngineOptions defaults;
  private final TuningOptions tuningDefaults;
  private final Set<Path> allowedLibraries;

  /**
   * @param defaults engine options of models that say nothing themselves
   * @param tuningDefaults likewise, what may be done to make them faster
   * @param allowedLibraries native libraries that a {@code model.yaml} may name
   */
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

  @Override
  public ServingRules rules(FoundModel model) throws ModelException {
    ModelYaml yaml = ModelYamlReader.read(model.folder().resolve(RULES));
    return new ServingRules(yaml.versionPolicy(), yaml.labels());
  }

  @Override
  public LoadedVersion load(VersionFolder version) throws ModelException {
    Path folder = version.folder();
    Fingerprint before = Fingerprint.of(version);
    boolean own = Files.exists(folder.resolve(RULES));
    ModelYaml yaml = ModelYamlReader.read((own ? folder : version.modelFolder()).resolve(RULES));
    Graph graph = engine.load(version.graph(), yaml.engineOptions(defaults, allowedLibraries));
    RankingSession session = null;
    boolean done = false;
    try {
      InputLayout layout =
          new SignatureBuilder(graph.inputs())
              .layOut(yaml.features(), new VocabularyFolder(version.modelFolder()));
      List<TensorSpec> outputs =
          graph.probeOutputs(
              layout.inputs(), SignatureBuilder.wantedOutputs(yaml.outputs(), graph.outputs()));
      Signature signature = SignatureBuilder.build(layout, yaml.outputs(), outputs);
      List<Golden> golden = WarmUpRequests.golden(folder);
      session =
          graph.prepare(
              signature,
              outputs,
              yaml.tileRows(),
              yaml.tuningOptions(tuningDefaults),
              WarmUp.probes(signature, WarmUpRequests.read(folder, golden)));
      List<String> notes = new ArrayList<>(graph.notes());
      compareWithGolden(golden, folder, yaml, signature, session, notes);
      unchanged(version, before, vocabularies(yaml));
      ServedVersion served =
          new ServedVersion(
              version.model(),
              version.number(),
              signature,
              session,
              yaml.weight(),
              yaml.fallbackScore());
      LoadedVersion loaded =
          new LoadedVersion(version, before, served, yaml.description(), graph.providers(), notes);
      done = true;
      return loaded;
    } finally {
      if (!done && session != null) {
        session.close();
      } else if (!done) {
        graph.close();
      }
    }
  }

  private static void compareWithGolden(
      List<Golden> golden,
      Path folder,
      ModelYaml yaml,
      Signature signature,
      RankingSession session,
      List<String> notes)
      throws ModelException {
    List<Probe> probes = WarmUp.probes(signature, golden.stream().map(Golden::request).toList());
    String difference =
        new GoldenCheck(folder.resolve("golden.jsonl"), signature, session).check(golden, probes);
    if (difference != null && yaml.golden() == GoldenRule.FAIL) {
      throw new ModelException(difference);
    }
    if (difference != null) {
      LOG.log(Level.WARNING, "{0}", difference);
      notes.add(difference);
    }
  }

  /** What was proved must be what lies there: half of an upload may have been loaded. */
  private static void unchanged(VersionFolder version, Fingerprint before, Set<String> vocabularies)
      throws ModelException {
    Path model = version.modelFolder();
    for (String changed : Fingerprint.of(version).changedSince(before)) {
      Path file = model.resolve(changed);
      // Beside the version others may lie, or arrive.
      boolean used =
          changed.equals(RULES)
              || vocabularies.contains(changed)
              || (version.folder().equals(model)
                  ? file.getParent().equals(model)
                  : file.startsWith(version.folder()));
      if (used) {
        throw new ModelException(
            file + ": changed while the version was loaded (expected: files that are complete)");
      }
    }
  }

  /** Files of vocabularies, relative to the model's folder. */
  private static Set<String> vocabularies(ModelYaml yaml) {
    return yaml.features().stream()
        .filter(feature -> feature.vocabulary() != null && feature.vocabulary().file() != null)
        .map(feature -> Path.of(feature.vocabulary().file()).normalize().toString())
        .collect(Collectors.toSet());
  }

  /**
   * The examples that lie beside a version: its warm-up requests, or those of its golden vectors.
   *
   * @throws ModelException if they can't be read
   */
  public static List<RankRequest> examples(LoadedVersion version) throws ModelException {
    return WarmUpRequests.read(version.folder().folder());
  }
}
