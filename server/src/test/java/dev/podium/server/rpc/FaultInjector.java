package dev.podium.server.rpc;

import dev.podium.server.engine.Engine;
import dev.podium.server.engine.Graph;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.ort.OnnxEngine;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** Throws where a test says, once; otherwise counts which points are passed. */
final class FaultInjector {
  /** Calls of the runtime that fail for want of memory or of a device. */
  private static final Map<Class<?>, Set<String>> CALLS =
      Map.of(
          RankingSession.class,
          Set.of("newRunner"),
          TileRunner.class,
          Set.of("run", "runContext", "runCandidates", "readScores"));

  private final AtomicReference<Shot> armed = new AtomicReference<>();
  private final Set<String> passed = ConcurrentHashMap.newKeySet();

  private record Shot(String point, Supplier<Throwable> cause) {}

  /** The next time that the point is passed, something is thrown from it. */
  void arm(String point, Supplier<Throwable> cause) {
    armed.set(new Shot(point, cause));
  }

  /** Whether what was armed has been thrown; nothing is armed afterwards. */
  boolean disarm() {
    return armed.getAndSet(null) == null;
  }

  /** Every point that was passed so far. */
  Set<String> points() {
    return new TreeSet<>(passed);
  }

  /** Steps of requests. */
  RequestSteps steps() {
    return step -> at("step " + step);
  }

  /** What the calls of a transport do. */
  RequestSteps replies() {
    return step -> at(step == RequestSteps.Step.ANSWER ? "call sendMessage" : "call close");
  }

  /** The real engine, whose calls may throw. */
  Engine engine() {
    Engine real = new OnnxEngine();
    return (file, options) -> wrap(Graph.class, real.load(file, options));
  }

  private void at(String point) {
    passed.add(point);
    Shot shot = armed.get();
    if (shot != null && shot.point().equals(point) && armed.compareAndSet(shot, null)) {
      throw sneaky(shot.cause().get());
    }
  }

  private <T> T wrap(Class<T> type, T real) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (CALLS.getOrDefault(type, Set.of()).contains(method.getName())) {
                at("runtime " + method.getName());
              }
              try {
                Object result = method.invoke(real, arguments);
                for (Class<?> inner : Set.of(RankingSession.class, TileRunner.class)) {
                  if (method.getReturnType() == inner) {
                    return wrapAny(inner, result);
                  }
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private <T> T wrapAny(Class<T> type, Object real) {
    return wrap(type, type.cast(real));
  }

  private static RuntimeException sneaky(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return (RuntimeException) cause;
  }
}
