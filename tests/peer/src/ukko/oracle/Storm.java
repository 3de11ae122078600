// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.*;
import org.apache.pekko.remote.RemoteScope;

import java.io.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicLong;

/** Remote children by the hundred thousand: `storm-host` is the node on which they are made, `storm-drive` has them made, says something to
 * each, stops it when it has answered, and makes the next one when it has ended. Lines on stdin: "held", and of the driver "storm COUNT WINDOW". */
public final class Storm {
  private Storm() {}
  static final AtomicLong started = new AtomicLong(), stopped = new AtomicLong();

  public static class Child extends AbstractActor {
    @Override public void preStart() { started.incrementAndGet(); }
    @Override public void postStop() { stopped.incrementAndGet(); }
    @Override public Receive createReceive() { return receiveBuilder().match(byte[].class, b -> getSender().tell(b, getSelf())).build(); }
  }

  public static class Parent extends AbstractActor {
    final Props child; final long count, window; final CompletableFuture<long[]> done;
    long made, answered, ended, unconfirmed;
    public Parent(Address to, Long count, Long window, CompletableFuture<long[]> done) {
      this.child = Props.create(Child.class).withDeploy(new Deploy(new RemoteScope(to)));
      this.count = count; this.window = window; this.done = done;
    }
    private void makeOne() {
      ActorRef r = getContext().actorOf(child);
      getContext().watch(r);
      r.tell(new byte[100], getSelf());
      made++;
    }
    @Override public void preStart() { for (long i = 0; i < window && made < count; i++) makeOne(); }
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(byte[].class, b -> { answered++; getContext().stop(getSender()); })
          .match(Terminated.class, t -> {
            if (!t.getExistenceConfirmed()) unconfirmed++;
            if (made < count) makeOne();
            if (++ended == count) { done.complete(new long[] {made, answered, ended, unconfirmed}); getContext().stop(getSelf()); }
          }).build();
    }
  }

  /** Until an object that was made after all others has been collected, twice: what falls to the first pass frees more in the second. */
  private static void collected() throws Exception {
    for (int i = 0; i < 2; i++) {
      java.lang.ref.ReferenceQueue<Object> q = new java.lang.ref.ReferenceQueue<>();
      java.lang.ref.PhantomReference<Object> gone = new java.lang.ref.PhantomReference<>(new Object(), q);
      do System.gc(); while (q.remove(1000) != gone);
    }
  }
  private static void held() throws Exception {
    Runtime r = Runtime.getRuntime();
    collected();
    Out.emit("held", "bytes", r.totalMemory() - r.freeMemory(), "started", started.get(), "stopped", stopped.get(), "cpu_s", cpu());
  }
  static double cpu() { return ((com.sun.management.OperatingSystemMXBean) java.lang.management.ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9; }

  private static void storm(ActorSystem s, Address to, long count, long window) throws Exception {
    CompletableFuture<long[]> f = new CompletableFuture<>();
    long t0 = System.nanoTime();
    double c0 = cpu();
    s.actorOf(Props.create(Parent.class, to, count, window, f));
    long[] n = f.get(1, TimeUnit.HOURS);
    double secs = (System.nanoTime() - t0) / 1e9;
    Out.emit("storm", "made", n[0], "answered", n[1], "ended", n[2], "unconfirmed", n[3], "seconds", secs, "per_s", count / secs, "cpu_s", cpu() - c0);
  }

  static void main(Opts o, boolean drives) throws Exception {
    ActorSystem s = ActorSystem.create(o.get("name", drives ? "driver" : "host"), o.config());
    Address to = drives ? AddressFromURIString.parse(o.get("to", null)) : null;
    Out.emit("started", "address", ((ExtendedActorSystem) s).provider().getDefaultAddress(), "pekko", ActorSystem.Version());
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null;) {
      String[] w = line.trim().split(" ");
      if (w[0].equals("held")) held();
      else if (drives && w[0].equals("storm") && w.length == 3) storm(s, to, Long.parseLong(w[1]), Long.parseLong(w[2]));
      else System.err.println("storm: not understood: " + line);
    }
    s.terminate();
    s.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    System.exit(0);
  }
}
