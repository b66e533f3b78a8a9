package dev.podium.server.feature.signature;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Hash functions for features with too many values to list. Allocate nothing. */
public enum HashFunction {
  /**
   * XXH64, 64 bits. See the xxHash fast digest algorithm specification by Yann Collet, version
   * 0.1.1.
   */
  XXHASH64 {
    @Override
    public long hash(byte[] bytes, int at, int length, long seed) {
      int end = at + length;
      int i = at;
      long hash;
      if (length >= 32) {
        long a = seed + XX1 + XX2;
        long b = seed + XX2;
        long c = seed;
        long d = seed - XX1;
        for (; i <= end - 32; i += 32) {
          a = round(a, (long) LONG.get(bytes, i));
          b = round(b, (long) LONG.get(bytes, i + 8));
          c = round(c, (long) LONG.get(bytes, i + 16));
          d = round(d, (long) LONG.get(bytes, i + 24));
        }
        hash =
            Long.rotateLeft(a, 1)
                + Long.rotateLeft(b, 7)
                + Long.rotateLeft(c, 12)
                + Long.rotateLeft(d, 18);
        hash = merge(hash, a);
        hash = merge(hash, b);
        hash = merge(hash, c);
        hash = merge(hash, d);
      } else {
        hash = seed + XX5;
      }
      hash += length;
      for (; i <= end - 8; i += 8) {
        hash = mixLong(hash, (long) LONG.get(bytes, i));
      }
      if (i <= end - 4) {
        hash ^= ((int) INT.get(bytes, i) & 0xFFFF_FFFFL) * XX1;
        hash = Long.rotateLeft(hash, 23) * XX2 + XX3;
        i += 4;
      }
      for (; i < end; i++) {
        hash ^= (bytes[i] & 0xFF) * XX5;
        hash = Long.rotateLeft(hash, 11) * XX1;
      }
      return avalanche(hash);
    }

    @Override
    public long hash(long value, long seed) {
      return avalanche(mixLong(seed + XX5 + Long.BYTES, value));
    }

    private static long round(long lane, long word) {
      return Long.rotateLeft(lane + word * XX2, 31) * XX1;
    }

    private static long merge(long hash, long lane) {
      return (hash ^ round(0, lane)) * XX1 + XX4;
    }

    private static long mixLong(long hash, long word) {
      return Long.rotateLeft(hash ^ round(0, word), 27) * XX1 + XX4;
    }

    private static long avalanche(long hash) {
      long h = hash;
      h = (h ^ (h >>> 33)) * XX2;
      h = (h ^ (h >>> 29)) * XX3;
      return h ^ (h >>> 32);
    }
  },

  /**
   * MurmurHash3_x86_32 by Austin Appleby: 32 bits, taken as unsigned; the seed's low 32 bits count.
   */
  MURMUR3 {
    @Override
    public long hash(byte[] bytes, int at, int length, long seed) {
      int hash = (int) seed;
      int words = length & ~3;
      for (int i = 0; i < words; i += 4) {
        hash = mix(hash, (int) INT.get(bytes, at + i));
      }
      int tail = 0;
      for (int i = length - 1; i >= words; i--) {
        tail = tail << 8 | (bytes[at + i] & 0xFF);
      }
      hash ^= scramble(tail);
      return finish(hash, length);
    }

    @Override
    public long hash(long value, long seed) {
      return finish(mix(mix((int) seed, (int) value), (int) (value >>> 32)), Long.BYTES);
    }

    private static int mix(int hash, int word) {
      return Integer.rotateLeft(hash ^ scramble(word), 13) * 5 + 0xe6546b64;
    }

    private static int scramble(int word) {
      return Integer.rotateLeft(word * 0xcc9e2d51, 15) * 0x1b873593;
    }

    private static long finish(int hash, int length) {
      int h = hash ^ length;
      h = (h ^ (h >>> 16)) * 0x85ebca6b;
      h = (h ^ (h >>> 13)) * 0xc2b2ae35;
      return (h ^ (h >>> 16)) & 0xFFFF_FFFFL;
    }
  };

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long XX1 = 0x9E3779B185EBCA87L;
  private static final long XX2 = 0xC2B2AE3D27D4EB4FL;
  private static final long XX3 = 0x165667B19E3779F9L;
  private static final long XX4 = 0x85EBCA77C2B2AE63L;
  private static final long XX5 = 0x27D4EB2F165667C5L;

  /** Hashes bytes; the result is to be taken as unsigned. */
  public abstract long hash(byte[] bytes, int at, int length, long seed);

  /** Hashes a whole number as its 8 bytes, least significant first. */
  public abstract long hash(long value, long seed);
}
