// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

/** A small Jackson CBOR message. */
public final class CborGreeting implements CborMessage {
  public final String text;
  public final long number;

  public CborGreeting(String text, long number) {
    this.text = text;
    this.number = number;
  }
}
