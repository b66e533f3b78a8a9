/**
 * The services that callers see: ranking, models, the Open Inference Protocol, health, reflection.
 * Validates what can be validated without decoding, encodes answers, and maps failures to gRPC
 * statuses.
 */
package dev.podium.server.rpc;
