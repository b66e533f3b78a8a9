/**
 * The ranking session over ONNX Runtime: loading, execution providers, the exported form, the
 * context half and the candidate half. The only room that knows {@code ai.onnxruntime}.
 */
package dev.podium.server.engine;
