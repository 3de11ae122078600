// SPDX-License-Identifier: Apache-2.0
package shop;

import org.apache.pekko.routing.Resizer;
import org.apache.pekko.routing.Routee;
import scala.collection.immutable.IndexedSeq;

/** Fills the pool up when workers were lost, as soon as all nodes answer: workers ordered from a node that is away would only be lost again. */
public final class Refill implements Resizer {
  private final int size;
  volatile boolean allUp;
  public Refill(int size) { this.size = size; }
  @Override public boolean isTimeForResize(long messageCounter) { return messageCounter % 20 == 0; }
  @Override public int resize(IndexedSeq<Routee> routees) { return allUp ? Math.max(0, size - routees.size()) : 0; }
}
