/**
 * YAML into records, strictly: unknown keys, doubles and wrong types are errors that name the key.
 */
package dev.podium.server.yaml;
