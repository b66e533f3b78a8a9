package dev.podium.server.requestlog;

import dev.podium.server.settings.Setting;
import java.time.Duration;

/** Which requests stand in the access log. */
public record AccessLogOptions(
    @Setting(
            value = "false",
            is = "whether requests stand in the log ([access log](operations.md#access-log))")
        boolean enabled,
    @Setting(
            value = "0.01",
            min = "0",
            max = "1",
            is = "share of those that are neither slow nor failed, 0 to 1")
        double sampleRatio,
    @Setting(
            value = "100ms",
            min = "0s",
            max = "1h",
            is = "above which a request always stands there")
        Duration slowThreshold,
    @Setting(
            value = "100",
            min = "1",
            max = "1000000",
            is = "lines a second for requests that were not answered")
        int maxFailures,
    @Setting(
            value = "1024",
            min = "1",
            max = "1000000",
            is = "lines that wait to be written; more are dropped and counted")
        int maxQueue,
    @Setting(
            key = "features",
            value = "false",
            is =
                "whether refusals of wrong requests are quoted, which may contain a feature's value")
        boolean quoteRefusals) {}
