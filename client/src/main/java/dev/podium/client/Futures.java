package dev.podium.client;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Callbacks on futures. */
final class Futures {
  private Futures() {}

  /** Runs an action when a future ends. The action must not throw: nobody would hear of it. */
  @SuppressWarnings("FutureReturnValueIgnored")
  static <T> void onEnd(CompletableFuture<T> future, BiConsumer<T, Throwable> action) {
    future.whenComplete(action);
  }
}
