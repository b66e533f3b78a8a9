package dev.podium.server.rpc;

import dev.podium.server.settings.Setting;

/** The Open Inference Protocol, for clients made for KServe or Triton. */
public record InferenceOptions(
    @Setting(
            value = "true",
            is =
                "whether the Open Inference Protocol is served, for clients made for KServe or"
                    + " Triton")
        boolean enabled,
    @Setting(
            value = "true",
            is =
                "whether its requests are looked through for a context that all rows share, which"
                    + " is then computed once")
        boolean compareContext) {}
