package dev.podium.server.log;

import dev.podium.server.settings.Setting;

/** How the log is written. */
public record LogOptions(
    @Setting(
            value = "text",
            is = "how the log is written: text, or [json](operations.md#logs), one object a line")
        LogFormat format) {}
