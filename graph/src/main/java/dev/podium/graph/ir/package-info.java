/** The function of one row: nodes, their shapes, types and roles, and what makes them. */
package dev.podium.graph.ir;
