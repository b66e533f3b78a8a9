package dev.podium.server.transport;

import java.nio.file.Path;

/**
 * Where TLS finds its keys; PEM files, which are read again when they change.
 *
 * @param certificate the server's certificate, and those that lead to its root
 * @param key the certificate's private key, PKCS #8 without a passphrase
 * @param clientCa certificates that sign clients'; null if clients show none
 * @param clientAuth whether clients must show a certificate
 */
public record TlsOptions(Path certificate, Path key, Path clientCa, ClientAuth clientAuth) {
  /** Whether clients show certificates. */
  public enum ClientAuth {
    /** They are not asked to. */
    NONE,
    /** They may; a wrong one ends the connection. */
    OPTIONAL,
    /** They must. */
    REQUIRED
  }
}
