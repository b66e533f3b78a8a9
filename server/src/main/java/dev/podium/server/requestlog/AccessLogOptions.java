package dev.podium.server.requestlog;

import java.time.Duration;

/**
 * Which requests stand in the access log.
 *
 * @param sampleRatio of those that are neither slow nor failed, 0 to 1
 * @param slowThreshold above which a request always stands there
 * @param maxFailures lines a second for requests that were not answered
 * @param maxQueue lines that wait to be written
 * @param quoteRefusals whether refusals of wrong requests, which quote values of features, stand
 *     there with their sentence
 */
public record AccessLogOptions(
    double sampleRatio,
    Duration slowThreshold,
    int maxFailures,
    int maxQueue,
    boolean quoteRefusals) {}
