package dev.podium.server.repository.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.loader.ServingRules;
import dev.podium.server.repository.loader.VersionLoader;
import dev.podium.server.repository.manager.VersionManager;
import dev.podium.server.repository.source.FoundModel;
import dev.podium.server.repository.source.VersionFolder;
import dev.podium.server.repository.source.VersionPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a request hears that asks for what can't be served. */
class RouterTest {
  private final VersionManager manager =
      new VersionManager(
          new Failing(), version -> CompletableFuture.completedFuture(null), Runnable::run);
  private final Router router = new Router(manager);

  @BeforeEach
  void load() {
    for (int i = 1; i <= 12; i++) {
      Path folder = Path.of("m" + i);
      VersionFolder version = new VersionFolder("m" + i, 3, folder, folder.resolve("3"));
      FoundModel found =
          new FoundModel("m" + i, folder, new TreeMap<>(Map.of(3L, version)), List.of());
      assertThat(manager.serve(found, false).toCompletableFuture().join())
          .containsExactly("version 3: no graph");
    }
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void anUnknownModelsRefusalNamesTenAtMostAndOnlyThoseThatTheCallerMaySee() {
    assertThat(refusal("x", 0, ""))
        .hasMessage(
            "model 'x': unknown (expected: one of m1, m10, m11, m12, m2, m3, m4, m5, m6, m7 and 2"
                + " more)");
    assertThatThrownBy(() -> router.route("x", 0, "", "m2"::equals))
        .hasMessage("model 'x': unknown (expected: one of m2)");
    assertThatThrownBy(() -> router.route("x", 0, "", none -> false))
        .hasMessage("model 'x': unknown");
  }

  @Test
  void aVersionThatFailedSaysWhy() {
    String why = "model 'm1' version 3: failed to load: no graph";
    assertThat(refusal("m1", 0, "")).hasMessage(why);
    assertThat(refusal("m1", 3, "")).hasMessage(why);
    assertThat(refusal("m1", 0, "stable")).hasMessage(why);
  }

  @Test
  void whatIsNotThereIsNotFound() {
    assertThat(refusal("m1", 4, "")).hasMessage("model 'm1': no version 4 (expected: one of [3])");
    assertThat(refusal("m1", 0, "canary"))
        .hasMessage("model 'm1': no label 'canary' (expected: one of [stable])");
  }

  private RankException refusal(String model, long version, String label) {
    RankException refusal =
        catchThrowableOfType(
            RankException.class, () -> router.route(model, version, label, any -> true));
    assertThat(refusal.code()).isEqualTo(FaultCode.NOT_FOUND);
    return refusal;
  }

  private static final class Failing implements VersionLoader {
    @Override
    public ServingRules rules(FoundModel model) {
      return new ServingRules(VersionPolicy.LATEST, Map.of("stable", 3L));
    }

    @Override
    public LoadedVersion load(VersionFolder version) throws ModelException {
      throw new ModelException("no graph");
    }
  }
}
