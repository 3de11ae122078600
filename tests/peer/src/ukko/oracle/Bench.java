// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.*;

import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;

/** Speed anchors between two processes: `bench-server` and `bench-client`. */
final class Bench {
  /** counts byte[]; answers each Integer marker with the Long count so far */
  public static class Server extends AbstractActor {
    private long n;
    @Override public Receive createReceive() {
      return receiveBuilder().match(byte[].class, b -> n++).match(Integer.class, i -> getSender().tell(n, getSelf())).matchEquals("reset", x -> { n = 0; getSender().tell("ok", getSelf()); }).build();
    }
  }

  static void server(Opts o) throws Exception {
    ActorSystem s = ActorSystem.create(o.get("name", "bench"), o.config());
    s.actorOf(Props.create(Server.class), "bench");
    s.actorOf(Props.create(Actors.Echo.class), "pong");
    Out.emit("started", "address", ((ExtendedActorSystem) s).provider().getDefaultAddress(), "pekko", ActorSystem.Version(), "pid", ProcessHandle.current().pid());
    while (System.in.read() >= 0) { /* until stdin closes */ }
    s.terminate();
    s.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    System.exit(0);
  }

  /** one message in flight */
  public static class Ping extends AbstractActor {
    final ActorRef to; final byte[] msg; final long until; final CompletableFuture<long[]> done;
    long[] d = new long[1 << 20]; int n; long t0;
    public Ping(ActorRef to, byte[] msg, Long nanos, CompletableFuture<long[]> done) { this.to = to; this.msg = msg; this.until = System.nanoTime() + nanos; this.done = done; }
    @Override public void preStart() { t0 = System.nanoTime(); to.tell(msg, getSelf()); }
    @Override public Receive createReceive() {
      return receiveBuilder().match(byte[].class, b -> {
        long t = System.nanoTime();
        if (n == d.length) d = Arrays.copyOf(d, n * 2);
        d[n++] = t - t0;
        if (t < until) { t0 = System.nanoTime(); to.tell(msg, getSelf()); }
        else { done.complete(Arrays.copyOf(d, n)); getContext().stop(getSelf()); }
      }).build();
    }
  }

  /** `inflight` windows of `window` messages each; a marker ends each window and is answered with the count */
  public static class Flood extends AbstractActor {
    final ActorRef to; final byte[] msg; final int window, inflight; final long nanos; final CompletableFuture<double[]> done;
    long start, acked, lastCount = -1, sent; boolean stopping; int out;
    public Flood(ActorRef to, byte[] msg, Integer window, Integer inflight, Long nanos, CompletableFuture<double[]> done) { this.to = to; this.msg = msg; this.window = window; this.inflight = inflight; this.nanos = nanos; this.done = done; }
    @Override public void preStart() { to.tell("reset", getSelf()); }
    private void win() { for (int i = 0; i < window; i++) to.tell(msg, getSelf()); to.tell(out, getSelf()); sent += window; out++; }
    @Override public Receive createReceive() {
      return receiveBuilder().matchEquals("ok", x -> { start = System.nanoTime(); for (int i = 0; i < inflight; i++) win(); })
          .match(Long.class, c -> {
            acked++;
            lastCount = c;
            out--;
            long t = System.nanoTime() - start;
            if (t < nanos) win();
            else if (out == 0) { done.complete(new double[] {c / (t / 1e9), sent - c, t / 1e9, c}); getContext().stop(getSelf()); }
          }).build();
    }
  }

  static Map<String, Object> latency(ActorSystem s, ActorRef pong, int size, double secs) throws Exception {
    CompletableFuture<long[]> f = new CompletableFuture<>();
    s.actorOf(Props.create(Ping.class, pong, Msg.pattern(size), (long) (secs * 1e9), f));
    long[] d = f.get((long) secs + 60, TimeUnit.SECONDS);
    long sum = 0;
    for (long x : d) sum += x;
    Arrays.sort(d);
    return Out.map("what", "rtt", "size", size, "n", d.length, "median_us", d[d.length / 2] / 1e3, "p99_us", d[(int) (d.length * 0.99)] / 1e3, "p999_us", d[(int) (d.length * 0.999)] / 1e3, "max_us", d[d.length - 1] / 1e3, "mean_us", sum / d.length / 1e3, "rt_per_s", d.length / (sum / 1e9));
  }

  static Map<String, Object> flood(ActorSystem s, ActorRef to, int size, int window, int inflight, double secs) throws Exception {
    CompletableFuture<double[]> f = new CompletableFuture<>();
    double cpu = Storm.cpu();
    s.actorOf(Props.create(Flood.class, to, Msg.pattern(size), window, inflight, (long) (secs * 1e9), f));
    double[] r = f.get((long) secs + 60, TimeUnit.SECONDS);
    cpu = Storm.cpu() - cpu;
    return Out.map("what", "oneway", "size", size, "window", window, "inflight", inflight, "n", (long) r[3], "cpu_s", cpu, "msgs_per_s", r[0], "lost", r[1], "secs", r[2], "MB_per_s", r[0] * size / 1e6);
  }

  static void client(Opts o) throws Exception {
    ActorSystem s = ActorSystem.create(o.get("name", "benchclient"), o.config());
    String to = o.get("to", null);
    ActorRef pong = s.actorSelection(to + "/user/pong").resolveOne(Duration.ofSeconds(20)).toCompletableFuture().get();
    ActorRef sink = s.actorSelection(to + "/user/bench").resolveOne(Duration.ofSeconds(20)).toCompletableFuture().get();
    double warm = Double.parseDouble(o.get("warm", "20")), secs = Double.parseDouble(o.get("secs", "4"));
    int window = o.num("window", 1000), inflight = o.num("inflight", 2);
    String label = o.get("label", o.get("transport", "tcp"));
    String what = o.get("what", "all");
    boolean rtt = !what.equals("oneway"), oneway = !what.equals("rtt");
    List<Integer> sizes = new ArrayList<>();
    for (String x : o.get("sizes", "100,1024,10240").split(",")) sizes.add(Integer.parseInt(x));
    // warm up on the mixture that is measured
    if (rtt) latency(s, pong, 100, warm * (oneway ? 0.4 : 1));
    for (int size : sizes) if (oneway) flood(s, sink, size, window, inflight, warm * (rtt ? 0.6 : 1) / sizes.size());
    for (int k = 0; k < o.num("repeat", 1); k++) {
      List<Map<String, Object>> rs = new ArrayList<>();
      if (rtt) rs.add(latency(s, pong, 100, secs));
      for (int size : sizes) if (oneway) rs.add(flood(s, sink, size, window, inflight, secs));
      for (Map<String, Object> r : rs) { Map<String, Object> m = Out.map("ev", "bench", "label", label, "pekko", ActorSystem.Version()); m.putAll(r); Out.line(m); }
    }
    s.terminate();
    s.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    System.exit(0);
  }
}
