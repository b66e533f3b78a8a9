/** What the server tells about itself: meters, feature health, spans, the access log. */
package dev.podium.server.telemetry;
