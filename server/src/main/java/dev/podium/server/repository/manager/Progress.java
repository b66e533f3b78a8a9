package dev.podium.server.repository.manager;

/** How far a change of a model has come with one of its versions. */
enum Progress {
  /** Nothing was done so far. */
  UNTOUCHED,
  /** It is being loaded. */
  LOADING,
  /** It was loaded and serves. */
  LOADED,
  /** Its load failed. */
  FAILED,
  /** It was told to leave. */
  LEAVING
}
