package dev.podium.server.transport;

import dev.podium.server.fault.WrongFileException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8DecryptorProviderBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMDecryptorProviderBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.PKCSException;

/**
 * Certificates and keys out of PEM files, in any of the forms that tools write: PKCS #8, PKCS #1
 * and SEC 1, encrypted or not, alone or together in one file. What can't be used is one line that
 * names the setting, the file, what is in it and what was expected.
 */
final class PemFiles {
  private PemFiles() {}

  /**
   * A file's content and where it comes from.
   *
   * @param setting that names it
   */
  record Source(String setting, Path file, byte[] bytes) {
    private WrongFileException wrong(String what, Throwable cause) {
      return new WrongFileException(setting + ": " + file + ": " + what, cause);
    }
  }

  /** All certificates of a file, in its order; at least one. */
  static X509Certificate[] certificates(Source source) throws WrongFileException {
    List<X509Certificate> certificates = new ArrayList<>();
    List<Object> found = objects(source, "a certificate in PEM");
    for (Object object : found) {
      if (object instanceof X509CertificateHolder holder) {
        try {
          certificates.add(new JcaX509CertificateConverter().getCertificate(holder));
        } catch (CertificateException e) {
          throw source.wrong("a certificate can't be read: " + e.getMessage(), e);
        }
      }
    }
    if (certificates.isEmpty()) {
      throw source.wrong(kinds(found) + " (expected: a certificate)", null);
    }
    return certificates.toArray(new X509Certificate[0]);
  }

  /**
   * The first private key of a file.
   *
   * @param passphrase that opens it; null if there is none
   */
  static PrivateKey key(Source source, char[] passphrase) throws WrongFileException {
    List<Object> found = objects(source, "a private key in PEM");
    for (Object object : found) {
      PrivateKeyInfo plain = plain(source, object, passphrase);
      if (plain != null) {
        try {
          return new JcaPEMKeyConverter().getPrivateKey(plain);
        } catch (IOException e) {
          throw source.wrong("a private key of a kind that can't be used: " + e.getMessage(), e);
        }
      }
    }
    throw source.wrong(kinds(found) + " (expected: a private key)", null);
  }

  /** Null if the object is no private key. */
  private static PrivateKeyInfo plain(Source source, Object object, char[] passphrase)
      throws WrongFileException {
    if (object instanceof PrivateKeyInfo key) {
      return key;
    }
    if (object instanceof PEMKeyPair pair) {
      return pair.getPrivateKeyInfo();
    }
    boolean encrypted =
        object instanceof PKCS8EncryptedPrivateKeyInfo || object instanceof PEMEncryptedKeyPair;
    if (!encrypted) {
      return null;
    }
    if (passphrase == null) {
      throw source.wrong(
          "the key is encrypted (expected: its passphrase in tls.key_passphrase, or a key without)",
          null);
    }
    try {
      // Its own provider: the JDK's lacks the key derivations that OpenSSL uses.
      BouncyCastleProvider provider = new BouncyCastleProvider();
      return object instanceof PKCS8EncryptedPrivateKeyInfo key
          ? key.decryptPrivateKeyInfo(
              new JceOpenSSLPKCS8DecryptorProviderBuilder().setProvider(provider).build(passphrase))
          : ((PEMEncryptedKeyPair) object)
              .decryptKeyPair(
                  new JcePEMDecryptorProviderBuilder().setProvider(provider).build(passphrase))
              .getPrivateKeyInfo();
    } catch (IOException | PKCSException | OperatorCreationException e) {
      throw source.wrong("the passphrase in tls.key_passphrase doesn't open it", e);
    }
  }

  private static List<Object> objects(Source source, String expected) throws WrongFileException {
    String text = new String(source.bytes(), StandardCharsets.UTF_8);
    if (text.isBlank()) {
      throw source.wrong("empty (expected: " + expected + ")", null);
    }
    List<Object> objects = new ArrayList<>();
    try (PEMParser parser = new PEMParser(new StringReader(text))) {
      for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
        objects.add(object);
      }
    } catch (IOException | RuntimeException e) {
      // Its messages may quote the file.
      throw source.wrong("cut off or damaged (expected: " + expected + ")", e);
    }
    if (objects.isEmpty()) {
      throw source.wrong("no PEM (expected: " + expected + ")", null);
    }
    return objects;
  }

  private static String kinds(List<Object> objects) {
    return objects.stream().map(PemFiles::kind).distinct().collect(Collectors.joining(", "));
  }

  private static String kind(Object object) {
    if (object instanceof X509CertificateHolder) {
      return "a certificate";
    }
    if (object instanceof SubjectPublicKeyInfo) {
      return "a public key";
    }
    if (object instanceof PKCS10CertificationRequest) {
      return "a request for a certificate";
    }
    boolean key =
        object instanceof PrivateKeyInfo
            || object instanceof PEMKeyPair
            || object instanceof PKCS8EncryptedPrivateKeyInfo
            || object instanceof PEMEncryptedKeyPair;
    return key ? "a private key" : "something else";
  }
}
