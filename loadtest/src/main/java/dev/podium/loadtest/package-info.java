/**
 * The load test and the bench: {@code podium loadtest} and {@code podium bench} as picocli
 * commands.
 *
 * <p>The packages below, in the order that a run passes them: {@code workload} makes requests from
 * a model's signature, {@code protocol} turns them into bytes on a wire, {@code arrivals} plans
 * when they are sent, {@code measure} sends them and records, {@code search} looks for the highest
 * rate that holds an objective, {@code report} shows what came out. {@code run} joins them to one
 * run. {@code bench} puts the server beside a bare ONNX Runtime session and beside other servers.
 * {@code fault} has the two kinds of failure and their exit status.
 */
package dev.podium.loadtest;
