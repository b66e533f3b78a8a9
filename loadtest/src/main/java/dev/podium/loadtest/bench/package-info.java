/**
 * What serving costs over the arithmetic: a bare ONNX Runtime session and servers side by side,
 * taking turns in one run, so that whatever slows the machine slows them all.
 */
package dev.podium.loadtest.bench;
