// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

/** A small Jackson JSON message. */
public final class Greeting implements JsonMessage {
  public final String text;
  public final long number;

  public Greeting(String text, long number) {
    this.text = text;
    this.number = number;
  }
}
