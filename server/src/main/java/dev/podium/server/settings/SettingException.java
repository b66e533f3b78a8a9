package dev.podium.server.settings;

/** Why a setting can't be used: one line with its key, what stands there and what was expected. */
public final class SettingException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String key;

  SettingException(String key, String problem) {
    super(key + ": " + problem);
    this.key = key;
  }

  /** The setting's key, such as {@code scheduler.cpus[1]}. */
  public String key() {
    return key;
  }
}
