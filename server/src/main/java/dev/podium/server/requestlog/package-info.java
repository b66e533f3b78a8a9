/**
 * How single requests went, for traces and the access log. Knows requests only by what their call
 * and their end tell; the sole importer of {@code io.opentelemetry}.
 */
package dev.podium.server.requestlog;
