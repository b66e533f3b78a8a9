/**
 * ONNX Runtime: sessions, tensors over buffers, execution providers. The only room that knows
 * {@code ai.onnxruntime}.
 */
package dev.podium.server.engine.ort;
