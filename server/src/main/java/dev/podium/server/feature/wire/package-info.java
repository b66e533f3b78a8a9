/**
 * Requests as they came: where in a message each column and each tensor lies, and how its values
 * are coded.
 */
package dev.podium.server.feature.wire;
