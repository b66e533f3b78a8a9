/** The function of one row to two ONNX graphs, the context half and the candidate half. */
package dev.podium.graph.lowering;
