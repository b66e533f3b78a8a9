package dev.podium.server.requestlog;

import dev.podium.server.settings.Setting;
import java.time.Duration;

/** Which requests stand in the access log. */
public record AccessLogOptions(
    @Setting(
            value = "false",
            is = "whether the server logs requests ([access log](operations.md#access-log))")
        boolean enabled,
    @Setting(
            value = "0.01",
            min = "0",
            max = "1",
            is = "share of the requests logged that are neither slow nor failed")
        double sampleRatio,
    @Setting(
            value = "100ms",
            min = "0s",
            max = "1h",
            is = "a request that takes longer is always logged")
        Duration slowThreshold,
    @Setting(
            value = "100",
            min = "1",
            max = "1000000",
            is = "the most lines a second for requests that failed")
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
                "whether the log quotes refusals of wrong requests, which may contain a "
                    + "feature's value")
        boolean quoteRefusals) {}
