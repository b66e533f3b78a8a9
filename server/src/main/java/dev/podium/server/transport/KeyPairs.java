package dev.podium.server.transport;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;

/** Whether keys belong together. */
final class KeyPairs {
  private KeyPairs() {}

  /**
   * Signs a few bytes with one key and checks them with the other.
   *
   * @throws GeneralSecurityException if they are no pair
   */
  static void check(PublicKey certificate, PrivateKey key) throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    boolean pair = false;
    if (certificate.getAlgorithm().equals(key.getAlgorithm())) {
      byte[] data = {1, 2, 3};
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(data);
      byte[] signed = signature.sign();
      signature.initVerify(certificate);
      signature.update(data);
      try {
        pair = signature.verify(signed);
      } catch (SignatureException e) {
        pair = false; // of another size
      }
    }
    if (!pair) {
      throw new GeneralSecurityException("the key isn't the certificate's");
    }
  }
}
