package dev.podium.server.access;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Bearer tokens by their SHA-256 digests: lines of a caller's name and 64 hexadecimal digits, blank
 * lines and lines that begin with {@code #} aside. A name may stand on several lines, so that
 * tokens can be changed one after the other. Tokens must be random, 128 bits or more: the digest is
 * a plain one. Thread-safe.
 */
final class TokenFile {
  private static final int DIGEST_DIGITS = 64;

  private final WatchedFile<Map<String, String>> file;

  TokenFile(Path path) throws AccessException {
    file = new WatchedFile<>(path, TokenFile::read);
  }

  /** The caller that a token belongs to, or null. */
  String principal(String token) {
    return file.content().get(digest(token));
  }

  boolean reload() {
    return file.reload();
  }

  static String digest(String token) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static Map<String, String> read(byte[] bytes) throws AccessException {
    Map<String, String> principals = new HashMap<>();
    int number = 0;
    for (String line : new String(bytes, StandardCharsets.UTF_8).lines().toList()) {
      number++;
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] words = line.trim().split("\\s+");
      if (words.length != 2
          || words[1].length() != DIGEST_DIGITS
          || !words[1].matches("[0-9a-fA-F]+")) {
        // The line itself may hold a token by mistake, so it isn't shown.
        throw new AccessException(
            "line " + number + ": not as expected (expected: a name and a SHA-256 in hexadecimal)");
      }
      principals.put(words[1].toLowerCase(java.util.Locale.ROOT), words[0]);
    }
    return principals;
  }
}
