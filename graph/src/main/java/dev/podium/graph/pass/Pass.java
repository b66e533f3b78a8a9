package dev.podium.graph.pass;

import dev.podium.graph.CompilerOptions;
import dev.podium.graph.EmbeddingBag;

/**
 * What the compiler may do to a graph. {@link #HOIST} is the ground that the others stand on and
 * can't be left out.
 */
public enum Pass {
  /** Computes what depends on context alone once, for one row. */
  HOIST,
  /**
   * Splits sums by side: {@code [u | c]·W = u·W_u + c·W_c} for matrix products over concatenated
   * parts, and the same for {@code ReduceSum} and {@code ReduceMean} (the sums of factorization
   * machines; Rendle, ICDM 2010).
   */
  SPLIT_SUMS,
  /**
   * Splits inner products of pairs of fields by side (PNN; Qu et al., ICDM 2016): those of two
   * context fields are made once, those of candidate with context fields by one matrix product.
   */
  INNER_PRODUCTS,
  /**
   * Takes sums of embeddings, and of layers over them, out of the graph: {@code Σ_f E_f(id_f)·W_f}
   * as one pass over rows of tables, which ONNX has no operator for. Whoever drives the candidate
   * half computes them ({@link EmbeddingBag}). Bounded by {@link CompilerOptions#maxTableBytes()}.
   */
  EMBEDDING_BAGS,
  /**
   * Makes one look-up of several whose results lie side by side: the tables are laid end to end
   * when the model loads. Bounded by {@link CompilerOptions#maxTableBytes()}.
   */
  LOOK_UPS,
  /**
   * Target attention as one product: a linear layer over {@code [t, h, t-h, t*h]} of a candidate
   * vector t and context vectors h (Zhou et al., KDD 2018) is linear in t, with a matrix that
   * depends on the request alone.
   */
  TARGET_ATTENTION,
  /** {@code Σ_l w_l·h_l} over a broadcast product as a matrix product. */
  POOLING,
  /**
   * Puts constant factors of units, such as batch normalisation after a linear layer, into its
   * weights.
   */
  FOLD_SCALES,
  /**
   * Takes the mean that a row-wise normalisation (Dice of torch-rechub) subtracts out in the
   * weights of the linear layer before it, where an attention unit's last layer follows.
   */
  CENTRE,
  /** Writes {@code p·x + (1-p)·α·x} and its like as a product with fewer passes over memory. */
  GATES,
  /**
   * Keeps the rows of the candidate half on the last axis where values are normalised row by row or
   * scaled unit by unit, so that sums over a row's own units, and broadcasts, run over long
   * stretches of memory.
   */
  ROWS_LAST
}
