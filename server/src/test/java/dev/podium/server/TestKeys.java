package dev.podium.server;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** A certificate authority for tests, and what it signs, as PEM files in a folder. */
public final class TestKeys {
  private final Path folder;
  private final X509Bundle authority;

  /** Makes the authority; its certificate is {@code NAME.crt}. */
  public TestKeys(Path folder, String name) throws Exception {
    this.folder = folder;
    authority =
        builder()
            .subject("CN=" + name)
            .setIsCertificateAuthority(true)
            .notBefore(Instant.now().minus(Duration.ofDays(1)))
            .notAfter(Instant.now().plus(Duration.ofDays(10)))
            .buildSelfSigned();
    write(name, authority);
  }

  /** Signs {@code NAME.crt} with {@code NAME.key}, for that host or caller. */
  public void sign(String file, String name) throws Exception {
    sign(file, name, Instant.now().plus(Duration.ofDays(1)));
  }

  /** As {@link #sign}, but the certificate's time was over an hour ago. */
  public void signExpired(String file, String name) throws Exception {
    sign(file, name, Instant.now().minus(Duration.ofHours(1)));
  }

  private void sign(String file, String name, Instant until) throws Exception {
    CertificateBuilder builder =
        builder()
            .subject("CN=" + name)
            .addSanDnsName(name)
            .notBefore(Instant.now().minus(Duration.ofHours(2)))
            .notAfter(until);
    write(file, builder.buildIssuedBy(authority));
  }

  private static CertificateBuilder builder() {
    return new CertificateBuilder().algorithm(CertificateBuilder.Algorithm.ecp256);
  }

  private void write(String file, X509Bundle bundle) throws IOException {
    Files.writeString(crt(file), bundle.getCertificatePathPEM());
    Files.writeString(key(file), bundle.getPrivateKeyPEM());
  }

  public Path crt(String file) {
    return folder.resolve(file + ".crt");
  }

  public Path key(String file) {
    return folder.resolve(file + ".key");
  }
}
