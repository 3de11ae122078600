// SPDX-License-Identifier: Apache-2.0
import com.typesafe.config.ConfigFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.*;

/**
 * The local workloads L1 to L7 on Pekko's actors, see bench/README.md. `Local WORKLOAD WORKERS REPEAT WARM_SECONDS` runs the workload
 * until the JVM has been warm for that long, then REPEAT times, with a JSON line for each. Messages are objects made once where
 * they carry nothing, boxed longs elsewhere. L6 is the heap that a million actors hold after collection, not resident memory.
 */
public final class Local {
  enum Word { START, PING, PONG, ACK }

  static ActorSystem sys;

  static ActorRef make(Class<?> type, Object... args) { return sys.actorOf(Props.create(type, args)); }

  static final class Done { final CompletableFuture<Long> at = new CompletableFuture<>(); }

  // ---- L1
  public static class Pong extends AbstractActor {
    @Override public Receive createReceive() { return receiveBuilder().matchAny(m -> getSender().tell(Word.PONG, getSelf())).build(); }
  }
  public static class Ping extends AbstractActor {
    final ActorRef to; int left; final Done done;
    public Ping(ActorRef to, Integer left, Done done) { this.to = to; this.left = left; this.done = done; }
    @Override public Receive createReceive() {
      return receiveBuilder().matchAny(m -> {
        if (left-- > 0) to.tell(Word.PING, getSelf());
        else done.at.complete(0L);
      }).build();
    }
  }
  static double pingPong() throws Exception {
    Done done = new Done();
    int rounds = 2_000_000;
    ActorRef pong = make(Pong.class), ping = make(Ping.class, pong, rounds, done);
    long t0 = System.nanoTime();
    ping.tell(Word.START, ActorRef.noSender());
    done.at.get();
    double s = (System.nanoTime() - t0) / 1e9;
    sys.stop(ping); sys.stop(pong);
    return 2.0 * rounds / s;
  }

  // ---- L2 and L3: the last message of a batch is negative and asks for an answer
  public static class Sink extends AbstractActor {
    long left, sum; final Done done;
    public Sink(Long total, Done done) { left = total; this.done = done; }
    @Override public Receive createReceive() {
      return receiveBuilder().match(Long.class, n -> {
        sum += n < 0 ? -n : n;
        if (n < 0) getSender().tell(Word.ACK, getSelf());
        if (--left == 0) done.at.complete(sum);
      }).build();
    }
  }
  public static class Source extends AbstractActor {
    final ActorRef to; long left; final int batch;
    public Source(ActorRef to, Long total, Integer batch) { this.to = to; left = total; this.batch = batch; }
    void send() {
      for (int i = 1; i <= batch && left > 0; i++) to.tell(i == batch || left == 1 ? -left-- : left--, getSelf());
    }
    @Override public Receive createReceive() {
      return receiveBuilder().matchEquals(Word.START, m -> { send(); send(); }).matchAny(m -> send()).build();
    }
  }
  static double oneWay(int senders, long total, int batch) throws Exception {
    Done done = new Done();
    ActorRef sink = make(Sink.class, total, done);
    ActorRef[] from = new ActorRef[senders];
    for (int i = 0; i < senders; i++) from[i] = make(Source.class, sink, total / senders, batch);
    long t0 = System.nanoTime();
    for (ActorRef f : from) f.tell(Word.START, ActorRef.noSender());
    long each = total / senders, want = senders * (each * (each + 1) / 2);
    if (done.at.get() != want) throw new IllegalStateException("a message was lost");
    double s = (System.nanoTime() - t0) / 1e9;
    for (ActorRef f : from) sys.stop(f);
    sys.stop(sink);
    return total / s;
  }

  // ---- L4
  public static class Node extends AbstractActor {
    final long from, size; final Done done; long sum; int left = 10;
    public Node(Long from, Long size, Done done) { this.from = from; this.size = size; this.done = done; }
    void up(Object n) {
      if (done != null) done.at.complete((Long) n);
      else getContext().getParent().tell(n, getSelf());
      getContext().stop(getSelf());
    }
    static Props props(long from, long size) { return Props.create(Node.class, () -> new Node(from, size, null)); }
    @Override public void preStart() {
      if (size == 1) up(from);
      else for (int i = 0; i < 10; i++) getContext().actorOf(props(from + i * (size / 10), size / 10));
    }
    @Override public Receive createReceive() {
      return receiveBuilder().match(Long.class, n -> { sum += n; if (--left == 0) up(sum); }).build();
    }
  }
  static double tree() throws Exception {
    Done done = new Done();
    long t0 = System.nanoTime();
    sys.actorOf(Props.create(Node.class, () -> new Node(0L, 1_000_000L, done)));
    if (done.at.get() != 499_999_500_000L) throw new IllegalStateException("wrong sum");
    return (System.nanoTime() - t0) / 1e6;
  }

  // ---- L5
  public static class Link extends AbstractActor {
    ActorRef next; final Done done;
    public Link(Done done) { this.done = done; }
    @Override public Receive createReceive() {
      return receiveBuilder().match(ActorRef.class, r -> next = r).match(Long.class, n -> {
        if (n == 0) done.at.complete(0L);
        else next.tell(n - 1, getSelf());
      }).build();
    }
  }
  static double ring() throws Exception {
    Done done = new Done();
    ActorRef[] all = new ActorRef[503];
    for (int i = 0; i < all.length; i++) all[i] = make(Link.class, done);
    for (int i = 0; i < all.length; i++) all[i].tell(all[(i + 1) % all.length], ActorRef.noSender());
    long t0 = System.nanoTime();
    all[0].tell(5_000_000L, ActorRef.noSender());
    done.at.get();
    double s = (System.nanoTime() - t0) / 1e9;
    for (ActorRef r : all) sys.stop(r);
    return s;
  }

  // ---- L6
  public static class Idle extends AbstractActor {
    @Override public Receive createReceive() { return receiveBuilder().matchAny(m -> getSender().tell(m, getSelf())).build(); }
  }
  public static class Nursery extends AbstractActor {
    final Done done; int left;
    public Nursery(Done done) { this.done = done; }
    @Override public Receive createReceive() {
      return receiveBuilder().match(Integer.class, n -> {
        left = n;
        Props p = Props.create(Idle.class);
        for (int i = 0; i < n; i++) getContext().actorOf(p).tell(Word.PING, getSelf());
      }).matchAny(m -> { if (--left == 0) done.at.complete(0L); }).build();
    }
  }
  static long held() throws Exception {
    for (int i = 0; i < 4; i++) System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
  static double idle() throws Exception {
    Done done = new Done();
    int n = 1_000_000;
    long before = held();
    ActorRef nursery = make(Nursery.class, done);
    nursery.tell(n, ActorRef.noSender());
    done.at.get();
    double bytes = (held() - before) / (double) n;
    sys.terminate();
    sys.getWhenTerminated().toCompletableFuture().get();
    return bytes;
  }

  // ---- L7
  public static class Peer extends AbstractActor {
    final ActorRef[] all; int left; final ActorRef tally;
    public Peer(ActorRef[] all, Integer rounds, ActorRef tally) { this.all = all; left = rounds; this.tally = tally; }
    void next() {
      if (left-- > 0) all[ThreadLocalRandom.current().nextInt(all.length)].tell(Word.PING, getSelf());
      else tally.tell(Word.ACK, getSelf());
    }
    @Override public Receive createReceive() {
      return receiveBuilder().matchEquals(Word.PING, m -> getSender().tell(Word.PONG, getSelf())).matchAny(m -> next()).build();
    }
  }
  public static class Tally extends AbstractActor {
    int left; final Done done;
    public Tally(Integer n, Done done) { left = n; this.done = done; }
    @Override public Receive createReceive() { return receiveBuilder().matchAny(m -> { if (--left == 0) done.at.complete(0L); }).build(); }
  }
  static double all() throws Exception {
    Done done = new Done();
    ActorRef[] all = new ActorRef[1000];
    ActorRef tally = make(Tally.class, all.length, done);
    for (int i = 0; i < all.length; i++) { ActorRef[] a = all; all[i] = sys.actorOf(Props.create(Peer.class, () -> new Peer(a, 4000, tally))); }
    long t0 = System.nanoTime();
    for (ActorRef r : all) r.tell(Word.START, ActorRef.noSender());
    done.at.get();
    double s = (System.nanoTime() - t0) / 1e9;
    for (ActorRef r : all) sys.stop(r);
    sys.stop(tally);
    return 8_000_000 / s;
  }

  static double once(String workload) throws Exception {
    switch (workload) {
      case "L1": return pingPong();
      case "L2": return oneWay(1, 10_000_000, 2048);
      case "L3": return oneWay(8, 8_000_000, 512);
      case "L4": return tree();
      case "L5": return ring();
      case "L6": return idle();
      case "L7": return all();
      default: throw new IllegalArgumentException(workload);
    }
  }
  static void open(int workers) {
    sys = ActorSystem.create("local", ConfigFactory.parseString("pekko.actor.provider=local\npekko.loglevel=OFF\npekko.stdout-loglevel=OFF\npekko.log-dead-letters=off\n"
        + "pekko.actor.default-dispatcher{throughput=1000, fork-join-executor{parallelism-min=" + workers + ", parallelism-max=" + workers + "}}").withFallback(ConfigFactory.load()));
  }
  public static void main(String[] a) throws Exception {
    int workers = Integer.parseInt(a[1]), repeat = Integer.parseInt(a[2]);
    boolean memory = a[0].equals("L6");
    String unit = a[0].equals("L4") ? "ms" : a[0].equals("L5") ? "s" : memory ? "bytes" : "msgs/s";
    open(workers);
    long until = System.nanoTime() + (long) (Double.parseDouble(a[3]) * 1e9);
    while (!memory && System.nanoTime() < until) once(a[0]);
    for (int i = 0; i < repeat; i++) {
      System.out.println("{\"system\":\"pekko\",\"workload\":\"" + a[0] + "\",\"value\":" + once(a[0]) + ",\"unit\":\"" + unit + "\"}");
      if (memory) open(workers);
    }
    System.exit(0);
  }
}
