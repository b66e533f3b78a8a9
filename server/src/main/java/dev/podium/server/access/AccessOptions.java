package dev.podium.server.access;

import java.nio.file.Path;

/**
 * Which credentials are taken. Any of them is enough.
 *
 * @param tokens file of hashed bearer tokens; null for none
 * @param jwks file of the keys that sign JWTs; null for none
 * @param issuer that JWTs must name; null for any
 * @param audience that JWTs must name; null for any
 * @param clientCertificates whether the name in a verified client certificate is one
 * @param trustUnixSocket whether callers on the Unix domain socket need none; they are called
 *     {@code unix-socket}
 * @param rules what callers may do
 */
public record AccessOptions(
    Path tokens,
    Path jwks,
    String issuer,
    String audience,
    boolean clientCertificates,
    boolean trustUnixSocket,
    AccessRules rules) {}
