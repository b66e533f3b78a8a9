package dev.podium.server.transport;

import io.grpc.netty.GrpcSslContexts;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.CertificateUtils;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The keys of TLS 1.2 and 1.3, read again when their files change: connections that are made
 * afterwards use the new ones, those that stand stay as they are. Files that don't fit together,
 * such as a new certificate beside a key that is still the old, leave the old pair in force.
 * Thread-safe.
 */
final class TlsKeys {
  private static final Logger LOG = Logger.getLogger(TlsKeys.class.getName());

  private final TlsOptions options;
  private final AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
  private final AdvancedTlsX509TrustManager clients;
  private final SslContext context;
  private byte[][] seen;

  /**
   * Reads the files.
   *
   * @throws IOException if they can't be read or don't fit together, naming them
   */
  TlsKeys(TlsOptions options) throws IOException {
    this.options = options;
    try {
      clients =
          options.clientCa() == null
              ? null
              : AdvancedTlsX509TrustManager.newBuilder()
                  .setVerification(
                      AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
                  .build();
      seen = read();
      use(seen);
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
      throw new IOException(files() + ": " + e.getMessage(), e);
    }
  }

  SslContext context() {
    return context;
  }

  /**
   * Looks whether the files have changed.
   *
   * @return whether those that are there now are in use
   */
  synchronized boolean reload() {
    try {
      byte[][] now = read();
      if (Arrays.deepEquals(seen, now)) {
        return true;
      }
      use(now);
      seen = now;
      LOG.log(Level.INFO, "{0}: read again", files());
      return true;
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      // The PEM readers throw anything at a file that is half written.
      LOG.log(
          Level.WARNING,
          "{0}: can''t be used, the old ones stay: {1}",
          new Object[] {files(), e.getMessage()});
      return false;
    }
  }

  private byte[][] read() throws IOException {
    return new byte[][] {
      bytes(options.certificate()), bytes(options.key()), bytes(options.clientCa())
    };
  }

  private static byte[] bytes(Path file) throws IOException {
    if (file == null) {
      return new byte[0];
    }
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IOException(file + ": can't be read: " + e.getMessage(), e);
    }
  }

  private void use(byte[][] files) throws GeneralSecurityException, IOException {
    X509Certificate[] chain =
        CertificateUtils.getX509Certificates(new ByteArrayInputStream(files[0]));
    if (chain.length == 0) {
      throw new GeneralSecurityException("no certificate in " + options.certificate());
    }
    PrivateKey key = CertificateUtils.getPrivateKey(new ByteArrayInputStream(files[1]));
    KeyPairs.check(chain[0].getPublicKey(), key);
    if (clients != null) {
      clients.updateTrustCredentials(
          CertificateUtils.getX509Certificates(new ByteArrayInputStream(files[2])));
    }
    identity.updateIdentityCredentials(chain, key);
  }

  private String files() {
    return options.certificate()
        + ", "
        + options.key()
        + (options.clientCa() == null ? "" : ", " + options.clientCa());
  }
}
