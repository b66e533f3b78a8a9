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
                "whether the server looks for a context that all rows of such a request "
                    + "share, and computes it once")
        boolean compareContext) {}
