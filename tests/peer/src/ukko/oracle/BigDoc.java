// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import java.util.ArrayList;
import java.util.List;

/** A JSON message that can be made larger than 32 KiB, so that jackson-json compresses it (gzip). */
public final class BigDoc implements JsonMessage {
  public final String title;
  public final List<String> lines;

  public BigDoc(String title, List<String> lines) {
    this.title = title;
    this.lines = lines;
  }

  static BigDoc ofChars(int chars) {
    List<String> l = new ArrayList<>();
    int done = 0;
    for (int i = 0; done < chars; i++) {
      String s = "line " + i + " of a large document that compresses well";
      l.add(s);
      done += s.length();
    }
    return new BigDoc("big", l);
  }
}
