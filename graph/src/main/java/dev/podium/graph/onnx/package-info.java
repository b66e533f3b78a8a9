/** ONNX models as they are read and written: graphs, tensors, attributes, element types. */
package dev.podium.graph.onnx;
