package dev.podium.server.access;

import dev.podium.server.settings.Setting;
import java.nio.file.Path;
import java.util.List;

/**
 * Which credentials are taken, and what callers may do. Any credential is enough; what isn't set is
 * null. A caller on a trusted Unix domain socket is called {@code unix-socket}.
 */
public record AccessOptions(
    @Setting(is = "file of hashed bearer tokens ([security.md](security.md))") Path tokens,
    @Setting(is = "file of the keys that sign JWTs") Path jwks,
    @Setting(is = "the issuer (`iss`) that JWTs must have") String issuer,
    @Setting(is = "the audience (`aud`) that JWTs must have") String audience,
    @Setting(value = "false", is = "whether the name in a client's certificate is its credential")
        boolean clientCertificates,
    @Setting(value = "false", is = "whether callers on the Unix domain socket need no credentials")
        boolean trustUnixSocket,
    @Setting(
            value = "[]",
            is =
                "what callers may do; without rules: rank, infer, describe, reflection with all"
                    + " models")
        List<Rule> rules) {
  public AccessOptions {
    if (jwks == null && (issuer != null || audience != null)) {
      throw new IllegalArgumentException(
          "jwks: missing (expected: a file, as auth.issuer or auth.audience is set)");
    }
  }

  /** Lets some callers do some things with some models; {@code *} stands for any text. */
  public record Rule(
      @Setting(value = "['*']", is = "callers' names") List<String> principals,
      @Setting(
              value = "[rank, infer, describe]",
              is = "any of rank, infer, describe, control, health, reflection, channelz, or `*`")
          List<String> methods,
      @Setting(value = "['*']", is = "models' names") List<String> models) {
    public Rule {
      AccessRule.of(principals, methods, models);
    }
  }

  /** Whether callers need credentials. */
  public boolean enabled() {
    return tokens != null || jwks != null || clientCertificates;
  }

  AccessRules accessRules() {
    return new AccessRules(
        rules.stream()
            .map(rule -> AccessRule.of(rule.principals(), rule.methods(), rule.models()))
            .toList());
  }
}
