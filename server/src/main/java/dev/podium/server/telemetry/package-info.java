/** What the server tells about itself: meters, feature health, load. */
package dev.podium.server.telemetry;
