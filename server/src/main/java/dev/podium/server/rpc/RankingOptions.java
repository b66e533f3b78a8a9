package dev.podium.server.rpc;

import dev.podium.server.settings.Setting;
import java.time.Duration;

/** What a ranking request may ask for. */
public record RankingOptions(
    @Setting(
            value = "10000",
            min = "1",
            max = "10000000",
            is = "the most candidates of one request")
        int maxCandidates,
    @Setting(
            value = "0s",
            min = "0s",
            max = "24h",
            is =
                "the deadline of each request, on streams too, if its call brings none; 0s for no"
                    + " deadline")
        Duration defaultDeadline) {}
