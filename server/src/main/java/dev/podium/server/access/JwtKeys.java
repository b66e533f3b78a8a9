package dev.podium.server.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Checks JSON Web Tokens (RFC 7519) against the public keys of a JWKS file (RFC 7517): signature,
 * expiry, and issuer and audience if they are configured. The caller is the subject. Only
 * asymmetric signatures are taken. Thread-safe.
 */
final class JwtKeys {
  private static final int REMEMBERED = 4096;

  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  /** A token that was checked before: checking a signature takes longer than small requests do. */
  private record Checked(String principal, long expiresMillis) {}

  private record Keys(
      DefaultJWTProcessor<SecurityContext> processor, ConcurrentHashMap<String, Checked> checked) {}

  private final WatchedFile<Keys> file;
  private final String issuer;
  private final String audience;
  private final LongSupplier millis;

  /**
   * @param issuer that tokens must name; null for any
   * @param audience that tokens must name; null for any
   * @param millis since the epoch
   */
  JwtKeys(Path path, String issuer, String audience, LongSupplier millis) throws AccessException {
    this.issuer = issuer;
    this.audience = audience;
    this.millis = millis;
    this.file = new WatchedFile<>(path, this::read);
  }

  boolean reload() {
    return file.reload();
  }

  /**
   * The caller that a token names.
   *
   * @throws AccessException saying why it isn't accepted
   */
  String principal(String token) throws AccessException {
    Keys keys = file.content();
    String digest = TokenFile.digest(token);
    Checked before = keys.checked().get(digest);
    if (before != null && millis.getAsLong() < before.expiresMillis()) {
      return before.principal();
    }
    JWTClaimsSet claims = check(keys, token);
    String subject = claims.getSubject();
    if (subject == null || subject.isEmpty()) {
      throw new AccessException("the JWT names no subject");
    }
    if (keys.checked().size() >= REMEMBERED) {
      keys.checked().clear();
    }
    keys.checked().put(digest, new Checked(subject, claims.getExpirationTime().getTime()));
    return subject;
  }

  private static JWTClaimsSet check(Keys keys, String token) throws AccessException {
    try {
      return keys.processor().process(token, null);
    } catch (BadJWTException e) {
      throw new AccessException("the JWT's claims: " + e.getMessage(), e);
    } catch (ParseException | BadJOSEException | JOSEException e) {
      // The library's message may quote the token.
      throw new AccessException("the JWT isn't one that a key of this server signed", e);
    }
  }

  private Keys read(byte[] bytes) throws AccessException {
    JWKSet set;
    try {
      set = JWKSet.parse(new String(bytes, StandardCharsets.UTF_8));
    } catch (ParseException e) {
      throw new AccessException("not a JWK set", e);
    }
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(ALGORITHMS, new ImmutableJWKSet<>(set)));
    JWTClaimsSet exact =
        issuer == null
            ? new JWTClaimsSet.Builder().build()
            : new JWTClaimsSet.Builder().issuer(issuer).build();
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            audience == null ? null : Set.of(audience), exact, Set.of("sub", "exp"), Set.of());
    claims.setMaxClockSkew(0);
    processor.setJWTClaimsSetVerifier(claims);
    return new Keys(processor, new ConcurrentHashMap<>());
  }
}
