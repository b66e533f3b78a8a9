/** What is sent: requests made from a model's signature and a seed, before the clock starts. */
package dev.podium.loadtest.workload;
