package dev.podium.server;

import dev.podium.server.engine.RankingSession;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.schedule.ServedVersion;
import java.lang.reflect.Proxy;
import java.util.List;

/** Versions that are counted, named and described, but can't be run. */
public final class TestVersions {
  private TestVersions() {}

  /** Version 1 of a model without features and outputs. */
  public static ServedVersion named(String model) {
    RankingSession session =
        (RankingSession)
            Proxy.newProxyInstance(
                TestVersions.class.getClassLoader(),
                new Class<?>[] {RankingSession.class},
                (proxy, method, arguments) -> {
                  if (method.getReturnType() == List.class) {
                    return List.of();
                  }
                  throw new UnsupportedOperationException(method.getName());
                });
    Signature signature = new Signature(List.of(), List.of(), List.of());
    return new ServedVersion(model, 1, signature, session, 1, Float.NaN);
  }
}
