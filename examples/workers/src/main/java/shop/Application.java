// SPDX-License-Identifier: Apache-2.0
package shop;

import org.apache.pekko.actor.*;
import org.apache.pekko.routing.RoundRobinPool;

import java.io.*;

/** Has a pool of workers on other nodes and gives it jobs until stdin says "finish". Where the pool lives stands in application.conf. */
public final class Application {
  public static void main(String[] args) throws Exception {
    ActorSystem system = ActorSystem.create("shop");
    Refill refill = new Refill(10);
    ActorRef pool = system.actorOf(new RoundRobinPool(1).withResizer(refill).props(Props.create(Worker.class)), "pool");
    ActorRef boss = system.actorOf(Props.create(Boss.class, pool, refill), "boss");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null;) boss.tell(line, ActorRef.noSender());
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().join();
    System.exit(0);
  }
}
