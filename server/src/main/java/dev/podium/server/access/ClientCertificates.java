package dev.podium.server.access;

import java.security.cert.Certificate;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Callers' names in the certificates that the transport has verified. */
final class ClientCertificates {
  private static final int DNS = 2;
  private static final int URI = 6;

  private ClientCertificates() {}

  /**
   * The name of the peer: the first URI (as SPIFFE has it) or else DNS name of the subject
   * alternative names, or else the common name. Null if the peer showed no certificate.
   */
  static String principal(SSLSession session) {
    if (session == null) {
      return null;
    }
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate certificate
          ? name(certificate)
          : null;
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }

  private static String name(X509Certificate certificate) {
    String uri = alternativeName(certificate, URI);
    if (uri != null) {
      return uri;
    }
    String dns = alternativeName(certificate, DNS);
    return dns != null ? dns : commonName(certificate);
  }

  private static String alternativeName(X509Certificate certificate, int type) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      if (names != null) {
        for (List<?> name : names) {
          if (name.get(0) instanceof Integer kind && kind == type) {
            return name.get(1).toString();
          }
        }
      }
    } catch (CertificateParsingException e) {
      // As if it had none.
    }
    return null;
  }

  private static String commonName(X509Certificate certificate) {
    try {
      for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN")) {
          return part.getValue().toString();
        }
      }
    } catch (InvalidNameException e) {
      // As if it had none.
    }
    return null;
  }
}
