package dev.podium.server.telemetry;

/** Files that a server reads again while it runs. */
public enum KeyFiles {
  /** Who may call: tokens and the keys that sign JWTs. */
  CREDENTIALS,
  /** The keys of TLS. */
  CERTIFICATES
}
