package dev.podium.server.repository.manager;

/** One step towards what is {@link Desired}. */
sealed interface Action {
  /** Load a version; it then takes the place of what serves under its number. */
  record Load(long version) implements Action {}

  /** Let the labels point where they should. */
  record Relabel() implements Action {}

  /** Give a version no new requests, and free it when those that it has are finished. */
  record Unload(long version) implements Action {}

  /** Show a version that ended long ago no more. */
  record Forget(long version) implements Action {}
}
