package dev.podium.server.admin;

import dev.podium.server.settings.Setting;

/** Where operators look. */
public record AdminOptions(
    @Setting(
            value = "127.0.0.1",
            is =
                "address to bind for the HTTP port (`/livez`, `/startupz`, `/readyz`, `/metrics`, `/models`, a"
                    + " status page at `/`)")
        String host,
    @Setting(
            value = "8002",
            min = "0",
            max = "65535",
            is = "TCP port for HTTP; 0 for a free one, which is the default with " + "`--port 0`")
        int port) {}
