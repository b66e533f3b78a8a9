/**
 * Wire columns to typed direct buffers, by the model's signature: vocabularies, hashing, defaults,
 * padding, truncation. An odd score is looked for here first.
 */
package dev.podium.server.feature;
