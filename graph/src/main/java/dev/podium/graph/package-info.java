/**
 * The ranking graph compiler: an ONNX graph that scores N rows in, two graphs out.
 *
 * <p>The <em>context half</em> takes what is the same for all candidates of a request, as one row,
 * and gives a handful of tensors. The <em>candidate half</em> takes those tensors and the N
 * candidate rows, and gives the scores of the exported graph. Start at {@link
 * dev.podium.graph.RankingCompiler}.
 *
 * <p>How it works. The importer reads the exported graph once, from inputs to outputs, and takes
 * the row axis out of every tensor: what is left is a function of <em>one</em> row with known
 * shapes, whose values are constant, context or candidate. Passes rewrite that function with plain
 * algebra. The lowering writes it down again as ONNX: context values without a row axis, candidate
 * values with a row axis in front. What the importer does not know, or what mixes rows, stays as
 * exported on the candidate side, and is given its inputs in the layout that it had.
 */
package dev.podium.graph;
