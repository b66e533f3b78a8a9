package dev.podium.server.repository.loader;

/** What happens to a version whose scores are not its golden vectors'. */
enum GoldenRule {
  /** It does not load. */
  FAIL,
  /** It serves; the log and its notes say what differs. */
  WARN
}
