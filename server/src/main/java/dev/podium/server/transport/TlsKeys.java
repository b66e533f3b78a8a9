package dev.podium.server.transport;

import dev.podium.server.fault.WrongFileException;
import dev.podium.server.transport.CertificateRule.Validity;
import dev.podium.server.transport.PemFiles.Source;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The keys of TLS 1.2 and 1.3, read again when their files change: connections that are made
 * afterwards use the new ones, those that stand stay as they are. Files that don't fit together,
 * such as a new certificate beside a key that is still the old, and a certificate that isn't valid
 * beside one that is, leave the old pair in force. Thread-safe.
 */
final class TlsKeys {
  private static final Logger LOG = Logger.getLogger(TlsKeys.class.getName());
  private static final Duration REMINDER = Duration.ofDays(1);

  private final TlsOptions options;
  private final InstantSource clock;
  private final AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
  private final AdvancedTlsX509TrustManager clients;
  private final SslContext context;

  // Guarded by this.
  private byte[][] seen;
  private Validity used;
  private Instant reminded = Instant.MIN;

  /** What the files say. */
  private record Content(
      X509Certificate[] chain, PrivateKey key, X509Certificate[] clients, Validity validity) {}

  /**
   * Reads the files.
   *
   * @throws IOException if they can't be read or don't fit together, naming them
   */
  TlsKeys(TlsOptions options, InstantSource clock) throws IOException {
    this.options = options;
    this.clock = clock;
    try {
      clients =
          options.clientCa() == null
              ? null
              : AdvancedTlsX509TrustManager.newBuilder()
                  .setVerification(
                      AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
                  .build();
      seen = read();
      Content content = content(seen);
      use(content);
      String problem = content.validity().problem(clock.instant());
      if (problem != null) {
        LOG.log(
            Level.WARNING,
            "tls.certificate: {0}: {1}",
            new Object[] {options.certificate(), problem + " (clients will refuse it)"});
      }
      SslContextBuilder builder =
          GrpcSslContexts.configure(SslContextBuilder.forServer(identity))
              .protocols("TLSv1.3", "TLSv1.2")
              .clientAuth(
                  switch (options.clientAuth()) {
                    case NONE -> ClientAuth.NONE;
                    case OPTIONAL -> ClientAuth.OPTIONAL;
                    case REQUIRED -> ClientAuth.REQUIRE;
                  });
      if (clients != null) {
        builder.trustManager(clients);
      }
      context = builder.build();
    } catch (GeneralSecurityException e) {
      throw new WrongFileException(options.certificate() + ": " + e.getMessage(), e);
    }
  }

  SslContext context() {
    return context;
  }

  /** When the first of the certificates that are shown expires. */
  synchronized Instant expiry() {
    return used.until();
  }

  /**
   * Looks whether the files have changed.
   *
   * @return whether those that are there now are in use
   */
  synchronized boolean reload() {
    boolean inForce = readAgain();
    Instant now = clock.instant();
    if (CertificateRule.soon(used, now) && !now.isBefore(reminded.plus(REMINDER))) {
      reminded = now;
      LOG.log(
          Level.WARNING,
          "tls.certificate: {0}: expires at {1} (expected: a new one in time)",
          new Object[] {options.certificate(), used.until()});
    }
    return inForce;
  }

  private boolean readAgain() {
    try {
      byte[][] now = read();
      if (Arrays.deepEquals(seen, now)) {
        return true;
      }
      Content content = content(now);
      if (!CertificateRule.replaces(content.validity(), used, clock.instant())) {
        throw new WrongFileException(
            "tls.certificate: "
                + options.certificate()
                + ": "
                + content.validity().problem(clock.instant())
                + " (expected: one that is valid, as the old one is)");
      }
      use(content);
      seen = now;
      LOG.log(Level.INFO, "{0}: read again", options.certificate());
      return true;
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      LOG.log(Level.WARNING, "{0}; the old keys stay in use", e.getMessage());
      return false;
    }
  }

  private byte[][] read() throws IOException {
    return new byte[][] {
      bytes("tls.certificate", options.certificate()),
      bytes("tls.key", options.key()),
      bytes("tls.client_ca", options.clientCa()),
      bytes("tls.key_passphrase", options.keyPassphrase())
    };
  }

  private static byte[] bytes(String setting, Path file) throws IOException {
    if (file == null) {
      return new byte[0];
    }
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new WrongFileException(setting + ": " + file + ": can't be read: " + e, e);
    }
  }

  private Content content(byte[][] files) throws IOException, GeneralSecurityException {
    X509Certificate[] chain =
        PemFiles.certificates(new Source("tls.certificate", options.certificate(), files[0]));
    char[] passphrase =
        options.keyPassphrase() == null
            ? null
            : new String(files[3], StandardCharsets.UTF_8).stripTrailing().toCharArray();
    PrivateKey key = PemFiles.key(new Source("tls.key", options.key(), files[1]), passphrase);
    try {
      KeyPairs.check(chain[0].getPublicKey(), key);
    } catch (GeneralSecurityException e) {
      throw new WrongFileException(
          "tls.key: "
              + options.key()
              + ": another key than the certificate's (expected: that of "
              + options.certificate()
              + "): "
              + e.getMessage(),
          e);
    }
    X509Certificate[] authorities =
        clients == null
            ? null
            : PemFiles.certificates(new Source("tls.client_ca", options.clientCa(), files[2]));
    return new Content(chain, key, authorities, Validity.of(chain));
  }

  private void use(Content content) throws GeneralSecurityException, IOException {
    if (clients != null) {
      clients.updateTrustCredentials(content.clients());
    }
    identity.updateIdentityCredentials(content.chain(), content.key());
    used = content.validity();
    String broken = CertificateRule.broken(content.chain());
    if (broken != null) {
      LOG.log(
          Level.WARNING,
          "tls.certificate: {0}: {1} (expected: each signed by the next); clients may refuse it",
          new Object[] {options.certificate(), broken});
    }
  }
}
