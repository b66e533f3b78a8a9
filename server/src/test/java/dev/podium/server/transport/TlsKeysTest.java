package dev.podium.server.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.fault.WrongFileException;
import dev.podium.server.transport.TlsOptions.ClientAuth;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.X509Bundle;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PKCS8Generator;
import org.bouncycastle.openssl.jcajce.JcaMiscPEMGenerator;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMEncryptorBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemObjectGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys in every form, files that can't be used, and what a reload keeps. */
class TlsKeysTest {
  @TempDir Path folder;

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final List<String> logged = new ArrayList<>();
  private final Handler log =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          logged.add(new java.util.logging.SimpleFormatter().formatMessage(event));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private X509Bundle authority;

  @BeforeEach
  void start() throws Exception {
    Logger.getLogger(TlsKeys.class.getName()).addHandler(log);
    authority =
        new CertificateBuilder()
            .algorithm(Algorithm.ecp256)
            .subject("CN=authority")
            .setIsCertificateAuthority(true)
            .notBefore(now.get().minus(Duration.ofDays(100)))
            .notAfter(now.get().plus(Duration.ofDays(1000)))
            .buildSelfSigned();
  }

  @AfterEach
  void stop() {
    Logger.getLogger(TlsKeys.class.getName()).removeHandler(log);
  }

  private X509Bundle sign(Algorithm algorithm, double fromDays, double untilDays) throws Exception {
    return new CertificateBuilder()
        .algorithm(algorithm)
        .subject("CN=server")
        .addSanDnsName("localhost")
        .notBefore(now.get().plusSeconds((long) (fromDays * 86_400)))
        .notAfter(now.get().plusSeconds((long) (untilDays * 86_400)))
        .buildIssuedBy(authority);
  }

  private static String pem(PemObjectGenerator object) throws Exception {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    }
    return text.toString();
  }

  /** A key in the form that a tool writes. */
  private static String key(KeyPair pair, String form) throws Exception {
    BouncyCastleProvider provider = new BouncyCastleProvider();
    char[] passphrase = "secret".toCharArray();
    return switch (form) {
      case "PKCS8" -> pem(new JcaPKCS8Generator(pair.getPrivate(), null));
      case "PKCS8-encrypted" ->
          pem(
              new JcaPKCS8Generator(
                  pair.getPrivate(),
                  new JceOpenSSLPKCS8EncryptorBuilder(PKCS8Generator.AES_256_CBC)
                      .setProvider(provider)
                      .setPassword(passphrase)
                      .build()));
      case "traditional" ->
          pair.getPrivate().getAlgorithm().equals("EC")
              ? pem(sec1(pair))
              : pem(new JcaMiscPEMGenerator(pair.getPrivate())); // PKCS #1
      case "traditional-encrypted" ->
          pem(
              new JcaMiscPEMGenerator(
                  pair.getPrivate(),
                  new JcePEMEncryptorBuilder("AES-256-CBC")
                      .setProvider(provider)
                      .build(passphrase)));
      default -> throw new IllegalArgumentException(form);
    };
  }

  /** As OpenSSL writes it: with the curve. */
  private static PemObject sec1(KeyPair pair) throws Exception {
    PrivateKeyInfo info = PrivateKeyInfo.getInstance(pair.getPrivate().getEncoded());
    ECPrivateKey bare = ECPrivateKey.getInstance(info.parsePrivateKey());
    return new PemObject(
        "EC PRIVATE KEY",
        new ECPrivateKey(256, bare.getKey(), info.getPrivateKeyAlgorithm().getParameters())
            .getEncoded());
  }

  private TlsOptions options(String certificate, String key, String passphrase) throws Exception {
    Path crt = Files.writeString(folder.resolve("tls.crt"), certificate);
    Path pem = key == null ? crt : Files.writeString(folder.resolve("tls.key"), key);
    Path secret =
        passphrase == null ? null : Files.writeString(folder.resolve("passphrase"), passphrase);
    return new TlsOptions(crt, pem, secret, null, ClientAuth.NONE);
  }

  @ParameterizedTest
  @CsvSource({
    "rsa2048, PKCS8, -----BEGIN PRIVATE KEY-----",
    "rsa2048, PKCS8-encrypted, -----BEGIN ENCRYPTED PRIVATE KEY-----",
    "rsa2048, traditional, -----BEGIN RSA PRIVATE KEY-----",
    "rsa2048, traditional-encrypted, -----BEGIN RSA PRIVATE KEY-----",
    "ecp256, PKCS8, -----BEGIN PRIVATE KEY-----",
    "ecp256, PKCS8-encrypted, -----BEGIN ENCRYPTED PRIVATE KEY-----",
    "ecp256, traditional, -----BEGIN EC PRIVATE KEY-----",
  })
  void keysAreReadInEveryForm(Algorithm algorithm, String form, String begin) throws Exception {
    X509Bundle bundle = sign(algorithm, -1, 90);
    String key = key(bundle.getKeyPair(), form);
    assertThat(key).startsWith(begin);
    String chain = bundle.getCertificatePathPEM();
    boolean encrypted = form.endsWith("encrypted");
    String passphrase = encrypted ? "secret\n" : null;

    assertThat(new TlsKeys(options(chain, key, passphrase), now::get).context()).isNotNull();
    // In one file, in either order.
    assertThat(new TlsKeys(options(chain + key, null, passphrase), now::get).context()).isNotNull();
    assertThat(new TlsKeys(options(key + chain, null, passphrase), now::get).context()).isNotNull();

    if (encrypted) {
      refused(options(chain, key, null), "tls.key: ", "the key is encrypted (expected: ");
      refused(options(chain, key, "wrong"), "tls.key: ", "passphrase in tls.key_passphrase");
    }
  }

  private void refused(TlsOptions options, String setting, String why) {
    assertThatThrownBy(() -> new TlsKeys(options, now::get))
        .isInstanceOf(WrongFileException.class)
        .hasMessageStartingWith(setting)
        .hasMessageContaining(why)
        .hasMessageContaining(folder.toString())
        .matches(e -> e.getMessage().lines().count() == 1, "is one line");
  }

  @ParameterizedTest
  @CsvSource({
    "empty, empty (expected: ",
    "blank, empty (expected: ",
    "text, no PEM (expected: ",
    "truncated, cut off or damaged (expected: ",
    "garbled, cut off or damaged (expected: ",
    "der, no PEM (expected: ",
    "other, (expected: ",
    "public, a public key (expected: ",
  })
  void filesThatCantBeUsedAreNamed(String kind, String why) throws Exception {
    X509Bundle bundle = sign(Algorithm.ecp256, -1, 90);
    String chain = bundle.getCertificatePathPEM();
    String key = bundle.getPrivateKeyPEM();
    refused(options(spoilt(bundle, chain, key, kind), key, null), "tls.certificate: ", why);
    refused(options(chain, spoilt(bundle, key, chain, kind), null), "tls.key: ", why);
    Path authorities = Files.writeString(folder.resolve("ca"), spoilt(bundle, chain, key, kind));
    TlsOptions good = options(chain, key, null);
    refused(
        new TlsOptions(good.certificate(), good.key(), null, authorities, ClientAuth.REQUIRED),
        "tls.client_ca: ",
        why);
  }

  private static String spoilt(X509Bundle bundle, String text, String other, String kind)
      throws Exception {
    return switch (kind) {
      case "empty" -> "";
      case "blank" -> " \n\n";
      case "text" -> "not a key\n";
      case "truncated" -> text.substring(0, text.indexOf("-----END") - 20);
      case "garbled" -> text.replaceFirst("\n.{10}", "\n!!!!!!!!!!");
      case "der" ->
          new String(
              bundle.getCertificate().getEncoded(), java.nio.charset.StandardCharsets.ISO_8859_1);
      case "other" -> other;
      case "public" -> pem(new JcaMiscPEMGenerator(bundle.getKeyPair().getPublic()));
      default -> throw new IllegalArgumentException(kind);
    };
  }

  @Test
  void anotherCertificatesKeyIsSaid() throws Exception {
    String chain = sign(Algorithm.ecp256, -1, 90).getCertificatePathPEM();
    String stranger = sign(Algorithm.rsa2048, -1, 90).getPrivateKeyPEM();
    refused(options(chain, stranger, null), "tls.key: ", "another key than the certificate's");
  }

  /** Each is put beside the server that runs with a good one. */
  @ParameterizedTest
  @ValueSource(strings = {"expired", "early", "mismatch", "empty", "truncated"})
  void aReloadKeepsWhatIsValid(String kind) throws Exception {
    X509Bundle good = sign(Algorithm.ecp256, -1, 90);
    TlsOptions options = options(good.getCertificatePathPEM(), good.getPrivateKeyPEM(), null);
    TlsKeys keys = new TlsKeys(options, now::get);
    Instant expiry = keys.expiry();

    X509Bundle bad =
        switch (kind) {
          case "expired" -> sign(Algorithm.ecp256, -90, -1);
          case "early" -> sign(Algorithm.ecp256, 1, 90);
          default -> sign(Algorithm.ecp256, -1, 91);
        };
    String chain = bad.getCertificatePathPEM();
    options(
        switch (kind) {
          case "empty" -> "";
          case "truncated" -> chain.substring(0, 100);
          default -> chain;
        },
        kind.equals("mismatch") ? good.getPrivateKeyPEM() : bad.getPrivateKeyPEM(),
        null);
    assertThat(keys.reload()).isFalse();
    assertThat(keys.expiry()).isEqualTo(expiry);
    assertThat(logged).hasSize(1);
    assertThat(logged.get(0)).startsWith("tls.").endsWith("; the old keys stay in use");

    X509Bundle next = sign(Algorithm.ecp256, -1, 100);
    options(next.getCertificatePathPEM(), next.getPrivateKeyPEM(), null);
    assertThat(keys.reload()).isTrue();
    assertThat(keys.expiry()).isAfter(expiry);
  }

  @Test
  void theEndIsSpokenOfOnceADay() throws Exception {
    X509Bundle bundle = sign(Algorithm.ecp256, -83, 8);
    TlsKeys keys =
        new TlsKeys(
            options(bundle.getCertificatePathPEM(), bundle.getPrivateKeyPEM(), null), now::get);
    assertThat(keys.reload()).isTrue();
    assertThat(logged).isEmpty();
    for (int i = 0; i < 48; i++) {
      now.set(now.get().plus(Duration.ofHours(1)));
      keys.reload();
    }
    assertThat(logged).hasSize(2).allMatch(line -> line.contains(": expires at "));
  }

  @Test
  void anExpiredCertificateAtStartAndABrokenChainAreSaid() throws Exception {
    X509Bundle expired = sign(Algorithm.ecp256, -90, -1);
    new TlsKeys(
        options(expired.getCertificatePathPEM(), expired.getPrivateKeyPEM(), null), now::get);
    assertThat(logged).anyMatch(line -> line.contains(": expired at "));
    logged.clear();
    X509Bundle good = sign(Algorithm.ecp256, -1, 90);
    String leaf =
        good.getCertificatePathPEM()
            .substring(0, good.getCertificatePathPEM().indexOf("-----END CERTIFICATE-----") + 26);
    String stranger = sign(Algorithm.ecp256, -1, 90).getCertificatePathPEM();
    new TlsKeys(options(leaf + stranger, good.getPrivateKeyPEM(), null), now::get);
    assertThat(logged).anyMatch(line -> line.contains("didn't sign the one before it"));
  }
}
