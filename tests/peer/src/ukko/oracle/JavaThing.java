// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

/** Only java.io.Serializable: refused by default, travels with serializer id 1 when Java serialization is switched on. */
public final class JavaThing implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  public final String text;

  public JavaThing(String text) { this.text = text; }
}
