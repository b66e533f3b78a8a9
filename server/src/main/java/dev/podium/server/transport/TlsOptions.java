package dev.podium.server.transport;

import dev.podium.server.settings.Setting;
import java.nio.file.Path;

/**
 * Where TLS finds its keys: PEM files, which are read again when they change. A file that isn't
 * there is null; {@code clientAuth} never is.
 */
public record TlsOptions(
    @Setting(
            is =
                "PEM file: the server's certificate, followed by the certificates that lead"
                    + " to its root; without it the port speaks plain text")
        Path certificate,
    @Setting(
            is =
                "PEM file: the certificate's private key, in PKCS #8, PKCS #1 or SEC 1; may be"
                    + " the certificate's file")
        Path key,
    @Setting(is = "file with the passphrase of an encrypted `tls.key`") Path keyPassphrase,
    @Setting(is = "PEM file: the authorities that sign clients' certificates") Path clientCa,
    @Setting(
            is =
                "whether clients show a certificate; by default required if there is a "
                    + "`tls.client_ca`, else none")
        ClientAuth clientAuth) {
  /** Whether clients show certificates. */
  public enum ClientAuth {
    /** They are not asked to. */
    NONE,
    /** They may; a wrong one ends the connection. */
    OPTIONAL,
    /** They must. */
    REQUIRED
  }

  public TlsOptions {
    if (clientAuth == null) {
      clientAuth = clientCa == null ? ClientAuth.NONE : ClientAuth.REQUIRED;
    }
    if ((certificate == null) != (key == null)) {
      throw new IllegalArgumentException(
          (key == null ? "key" : "certificate")
              + ": missing (expected: both tls.certificate and tls.key, or neither)");
    }
    if (keyPassphrase != null && key == null) {
      throw new IllegalArgumentException(
          "key: missing (expected: a file, as tls.key_passphrase is set)");
    }
    if (clientCa != null && certificate == null) {
      throw new IllegalArgumentException(
          "certificate: missing (expected: one, as tls.client_ca is set)");
    }
    if (clientAuth != ClientAuth.NONE && clientCa == null) {
      throw new IllegalArgumentException(
          "client_ca: missing (expected: a file, as tls.client_auth is set)");
    }
  }

  /** Whether the port speaks TLS. */
  public boolean enabled() {
    return certificate != null;
  }
}
