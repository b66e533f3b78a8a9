package dev.podium.loadtest.bench;

import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.protocol.Target;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Another server that runs already and speaks the Open Inference Protocol.
 *
 * @param pid its process, or -1 if that is not known
 */
public record Peer(String name, Target target, long pid) {
  private static final Pattern FORM = Pattern.compile("([^=]+)=([^,]+)(?:,([0-9]{1,10}))?");

  /**
   * Reads {@code NAME=HOST:PORT[,PID]}.
   *
   * @throws InputException naming the text
   */
  public static Peer parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new InputException("peer: '" + text + "' (expected: NAME=HOST:PORT[,PID])");
    }
    return new Peer(
        matcher.group(1),
        Target.parse(matcher.group(2)),
        matcher.group(3) == null ? -1 : Long.parseLong(matcher.group(3)));
  }
}
