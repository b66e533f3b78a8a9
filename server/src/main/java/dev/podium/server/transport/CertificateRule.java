package dev.podium.server.transport;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/** Which certificates are good to show, and when to speak of it. Pure functions. */
final class CertificateRule {
  private static final Duration SOON = Duration.ofDays(7);

  /** Of short-lived certificates the last fifth of their time is soon. */
  private static final int SOON_PART = 5;

  private CertificateRule() {}

  /** When a certificate, or a chain of them, may be shown. */
  record Validity(Instant from, Instant until) {
    static Validity of(X509Certificate[] chain) {
      Instant from = Instant.MIN;
      Instant until = Instant.MAX;
      for (X509Certificate one : chain) {
        Instant begins = one.getNotBefore().toInstant();
        Instant ends = one.getNotAfter().toInstant();
        from = begins.isAfter(from) ? begins : from;
        until = ends.isBefore(until) ? ends : until;
      }
      return new Validity(from, until);
    }

    /** Why it may not be shown now; null if it may. */
    String problem(Instant now) {
      if (now.isBefore(from)) {
        return "not valid before " + from;
      }
      return now.isBefore(until) ? null : "expired at " + until;
    }
  }

  /**
   * Whether a certificate that is found takes the place of the one in use: never an invalid one
   * that of a valid one.
   */
  static boolean replaces(Validity found, Validity used, Instant now) {
    return found.problem(now) == null || used.problem(now) != null;
  }

  /** Whether a new certificate should be there by now. */
  static boolean soon(Validity used, Instant now) {
    Duration whole = Duration.between(used.from, used.until);
    Duration margin = whole.dividedBy(SOON_PART);
    return !now.isBefore(used.until.minus(margin.compareTo(SOON) < 0 ? margin : SOON));
  }

  /** Why clients can't follow a chain from its first certificate on; null if they can. */
  static String broken(X509Certificate[] chain) {
    for (int i = 0; i + 1 < chain.length; i++) {
      try {
        chain[i].verify(chain[i + 1].getPublicKey());
      } catch (GeneralSecurityException e) {
        return "certificate "
            + (i + 2)
            + ", "
            + chain[i + 1].getSubjectX500Principal()
            + ", didn't sign the one before it, "
            + chain[i].getSubjectX500Principal();
      }
    }
    return null;
  }
}
