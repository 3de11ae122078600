// SPDX-License-Identifier: Apache-2.0
package shop;

import org.apache.pekko.actor.AbstractActor;

/** The name under which workers are deployed. They run on nodes that have an actor of this name: this one never does. */
public final class Worker extends AbstractActor {
  @Override public Receive createReceive() { throw new IllegalStateException("a worker was made in this JVM"); }
}
