/**
 * Wire columns to typed direct buffers, by the model's signature: vocabularies, hashing, defaults,
 * padding, truncation. Three rooms: {@code wire} knows messages, {@code signature} knows models,
 * and {@code assembly} brings one to the other. An odd score is looked for here first.
 */
package dev.podium.server.feature;
