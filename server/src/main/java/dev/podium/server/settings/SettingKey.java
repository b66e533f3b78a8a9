package dev.podium.server.settings;

/**
 * A setting as users know it.
 *
 * @param name its whole key, such as {@code scheduler.max_wait}
 * @param value the default as one would write it; empty for none
 * @param min the least value as one would write it; empty if there is no range
 * @param max the greatest, likewise
 * @param form what may stand there, in words, such as {@code 1us to 1h}
 * @param is what it is, in Markdown
 * @param list whether it is a list, of which {@code min}, {@code max} and {@code form} describe an
 *     entry
 * @param plain whether its text is taken as it is and never as YAML
 */
public record SettingKey(
    String name,
    String value,
    String min,
    String max,
    String form,
    String is,
    boolean list,
    boolean plain) {}
