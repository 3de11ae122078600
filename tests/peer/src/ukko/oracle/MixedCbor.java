// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import java.util.*;

/** The CBOR counterpart of Mixed, without the reference. */
public final class MixedCbor implements CborMessage {
  public final boolean flag;
  public final int small;
  public final long large;
  public final double real;
  public final String text;
  public final String nothing;
  public final byte[] blob;
  public final List<Integer> list;
  public final Map<String, String> map;

  public MixedCbor(boolean flag, int small, long large, double real, String text, String nothing, byte[] blob, List<Integer> list, Map<String, String> map) {
    this.flag = flag;
    this.small = small;
    this.large = large;
    this.real = real;
    this.text = text;
    this.nothing = nothing;
    this.blob = blob;
    this.list = list;
    this.map = map;
  }

  static MixedCbor sample() {
    return new MixedCbor(true, -7, 1L << 40, 2.5, "gr\u00fc\u00df \u2603", null, new byte[] {0, 1, (byte) 0xff}, Arrays.asList(1, 2, 3), new TreeMap<>(Map.of("a", "x", "b", "y")));
  }
}
