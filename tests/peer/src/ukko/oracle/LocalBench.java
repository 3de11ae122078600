// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.*;

import com.typesafe.config.ConfigFactory;

import java.util.*;
import java.util.concurrent.*;

/** Same-JVM anchors: ping-pong, one-way tell, skynet, idle actors. */
final class LocalBench {
  /** a tree of actors, 10 children each, leaves answer their number, sums travel up */
  public static class Skynet extends AbstractActor {
    private final long num; private final int size; private final CompletableFuture<Long> done; private long sum; private int todo;
    public Skynet(Long num, Integer size, CompletableFuture<Long> done) { this.num = num; this.size = size; this.done = done; }
    @Override public void preStart() {
      if (size == 1) { getContext().getParent().tell(num, getSelf()); getContext().stop(getSelf()); return; }
      int sub = size / 10;
      todo = 10;
      for (int i = 0; i < 10; i++) getContext().actorOf(leaf(num + (long) i * sub, sub));
    }
    private static Props leaf(long num, int size) { return Props.create(Skynet.class, () -> new Skynet(num, size, null)); }
    @Override public Receive createReceive() {
      return receiveBuilder().match(Long.class, v -> {
        sum += v;
        if (--todo == 0) { if (done != null) done.complete(sum); else getContext().getParent().tell(sum, getSelf()); getContext().stop(getSelf()); }
      }).build();
    }
  }

  public static class Idle extends AbstractActor {
    @Override public Receive createReceive() { return receiveBuilder().matchAny(m -> getSender().tell(m, getSelf())).build(); }
  }

  /** makes `n` children, then reports */
  public static class Nursery extends AbstractActor {
    @Override public Receive createReceive() {
      return receiveBuilder().match(Integer.class, n -> { Props p = Props.create(Idle.class, Idle::new); for (int i = 0; i < n; i++) getContext().actorOf(p); getSender().tell("made", getSelf()); }).build();
    }
  }

  private static long used() throws Exception {
    for (int i = 0; i < 4; i++) { System.gc(); Thread.sleep(200); }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  static void main(Opts o) throws Exception {
    int repeat = o.num("repeat", 3);
    double warm = Double.parseDouble(o.get("warm", "20")), secs = Double.parseDouble(o.get("secs", "4"));
    ActorSystem s = ActorSystem.create("local", ConfigFactory.parseString("pekko.actor.provider=local\npekko.loggers=[\"ukko.oracle.JsonLogger\"]\npekko.log-dead-letters=off\npekko.log-dead-letters-during-shutdown=off").withFallback(ConfigFactory.load()));
    String v = ActorSystem.Version();
    ActorRef pong = s.actorOf(Props.create(Actors.Echo.class), "pong"), sink = s.actorOf(Props.create(Bench.Server.class), "bench");
    Bench.latency(s, pong, 100, warm * 0.3);
    Bench.flood(s, sink, 100, 1000, 10, warm * 0.3);
    long w = System.nanoTime();
    while (System.nanoTime() - w < warm * 0.4e9) skynet(s, 100_000);
    for (int k = 0; k < repeat; k++) {
      put("local", v, Bench.latency(s, pong, 100, secs));
      put("local", v, Bench.flood(s, sink, 100, 1000, 10, secs));
      double t = skynet(s, 1_000_000);
      put("local", v, Out.map("what", "skynet", "leaves", 1_000_000, "actors", 1_111_111, "secs", t, "actors_per_s", 1_111_111 / t));
    }
    for (int k = 0; k < repeat; k++) {
      int n = o.num("idle", 1_000_000);
      long before = used();
      ActorRef nur = s.actorOf(Props.create(Nursery.class));
      long t0 = System.nanoTime();
      org.apache.pekko.pattern.Patterns.ask(nur, n, java.time.Duration.ofSeconds(120)).toCompletableFuture().get();
      double t = (System.nanoTime() - t0) / 1e9;
      Thread.sleep(500);
      long after = used();
      put("local", v, Out.map("what", "idle", "n", n, "spawn_secs", t, "spawn_per_s", n / t, "bytes_per_actor", (after - before) / (double) n));
      s.stop(nur);
      Thread.sleep(3000);
    }
    s.terminate();
    s.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
    System.exit(0);
  }

  private static void put(String label, String v, Map<String, Object> r) { Map<String, Object> m = Out.map("ev", "bench", "label", label, "pekko", v); m.putAll(r); Out.line(m); }

  private static double skynet(ActorSystem s, int n) throws Exception {
    CompletableFuture<Long> f = new CompletableFuture<>();
    long t0 = System.nanoTime();
    s.actorOf(Props.create(Skynet.class, () -> new Skynet(0L, n, f)));
    long sum = f.get(120, TimeUnit.SECONDS);
    double t = (System.nanoTime() - t0) / 1e9;
    if (sum != (long) n * (n - 1) / 2) throw new IllegalStateException("wrong sum " + sum);
    return t;
  }
}
