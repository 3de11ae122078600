// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.*;
import org.apache.pekko.japi.pf.DeciderBuilder;

import java.util.*;

/** The actors that every peer has under /user. */
public final class Actors {
  private Actors() {}

  static void recv(AbstractActor a, Object m) {
    Out.emit("recv", "actor", a.getSelf().path().toStringWithoutAddress(), "class", m.getClass().getName(), "value", Render.value(m), "sender", Render.path(a.getSender()));
  }

  /** /user/echo: sends every message back, as itself, to its sender. */
  public static class Echo extends AbstractActor {
    @Override public Receive createReceive() {
      return receiveBuilder().matchAny(m -> getSender().tell(m, getSelf())).build();
    }
  }

  /** /user/sink: counts; "count" answers a Long, "reset" sets it to 0. */
  public static class Sink extends AbstractActor {
    private long n, bytes;
    @Override public Receive createReceive() {
      return receiveBuilder()
          .matchEquals("count", m -> getSender().tell(n, getSelf()))
          .matchEquals("reset", m -> { n = 0; bytes = 0; })
          .match(byte[].class, b -> { n++; bytes += b.length; })
          .matchAny(m -> n++).build();
    }
  }

  /** /user/collector: prints every message it gets; also the sender of what the stdin commands send. */
  public static class Collector extends AbstractActor {
    @Override public Receive createReceive() { return receiveBuilder().matchAny(m -> recv(this, m)).build(); }
  }

  /** /user/forwarder: forwards everything (keeps the sender) to the target set with `forward-to PATH`; default /user/echo. */
  public static class Forwarder extends AbstractActor {
    private ActorRef target = Msg.resolve(getContext().getSystem(), "/user/echo");
    public static final class To { final ActorRef ref; To(ActorRef ref) { this.ref = ref; } }
    @Override public Receive createReceive() {
      return receiveBuilder().match(To.class, t -> target = t.ref).matchAny(m -> target.forward(m, getContext())).build();
    }
  }

  /** /user/failing: "throw TEXT" throws IllegalStateException(TEXT) and is restarted by the guardian; anything else is echoed with its incarnation count. */
  public static class Failing extends AbstractActor {
    @Override public void preStart() { Out.emit("prestart", "actor", getSelf().path().toStringWithoutAddress()); }
    @Override public void preRestart(Throwable t, Optional<Object> m) { Out.emit("prerestart", "actor", getSelf().path().toStringWithoutAddress(), "cause", Render.throwable(t)); }
    @Override public void postRestart(Throwable t) { Out.emit("postrestart", "actor", getSelf().path().toStringWithoutAddress(), "cause", Render.throwable(t)); }
    @Override public void postStop() { Out.emit("poststop", "actor", getSelf().path().toStringWithoutAddress()); }
    @Override public Receive createReceive() {
      return receiveBuilder().match(String.class, s -> s.startsWith("throw"), s -> { throw new IllegalStateException(s.length() > 6 ? s.substring(6) : "told to"); })
          .matchAny(m -> getSender().tell(m, getSelf())).build();
    }
  }

  /** /user/parent with children c1 c2 c3 and other (each with a grandchild g): answers wildcard selections, prints what it gets and answers its own name. */
  public static class Parent extends AbstractActor {
    private final int depth;
    public Parent(Integer depth) { this.depth = depth; }
    @Override public void preStart() {
      if (depth == 0) for (String c : new String[] {"c1", "c2", "c3", "other"}) getContext().actorOf(Props.create(Parent.class, 1), c);
      if (depth == 1) getContext().actorOf(Props.create(Parent.class, 2), "g");
    }
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(String.class, s -> s.startsWith("spawn "), s -> getContext().actorOf(Props.create(Parent.class, 2), s.substring(6)))
          .matchEquals("die", m -> getContext().stop(getSelf()))
          .matchAny(m -> { recv(this, m); if (!(m instanceof ActorIdentity)) getSender().tell(getSelf().path().toStringWithoutAddress(), getSelf()); }).build();
    }
  }

  /** /user/order: checks that the Longs 0, 1, 2, ... arrive in this order; "report" answers what it saw, "reset" forgets. */
  public static class Order extends AbstractActor {
    private long count, next, skipped, late, other;
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(Long.class, n -> { count++; if (n >= next) { skipped += n - next; next = n + 1; } else late++; })
          .matchEquals("report", m -> getSender().tell("count=" + count + " next=" + next + " skipped=" + skipped + " late=" + late + " other=" + other, getSelf()))
          .matchEquals("reset", m -> count = next = skipped = late = other = 0)
          .matchAny(m -> other++).build();
    }
  }

  /** /user/caller: when it gets a reference (bare, or the replyTo of a Mixed) it sends the string "called" to it, with itself as the sender; prints the rest. */
  public static class Caller extends AbstractActor {
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(ActorRef.class, r -> r.tell("called", getSelf()))
          .match(Mixed.class, m -> m.replyTo.tell("called", getSelf()))
          .matchAny(m -> recv(this, m)).build();
    }
  }

  /** /user/receptionist: the path to put in trusted-selection-paths; prints, and answers "hello from receptionist". */
  public static class Receptionist extends AbstractActor {
    @Override public Receive createReceive() { return receiveBuilder().matchAny(m -> { recv(this, m); getSender().tell("hello from receptionist", getSelf()); }).build(); }
  }

  /** /user/watcher: death watch driven by the stdin commands. */
  public static class Watcher extends AbstractActor {
    public static final class DoWatch { final ActorRef ref; DoWatch(ActorRef ref) { this.ref = ref; } }
    public static final class DoUnwatch { final ActorRef ref; DoUnwatch(ActorRef ref) { this.ref = ref; } }
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(DoWatch.class, w -> { getContext().watch(w.ref); Out.emit("watching", "ref", Render.path(w.ref)); })
          .match(DoUnwatch.class, w -> { getContext().unwatch(w.ref); Out.emit("unwatched", "ref", Render.path(w.ref)); })
          .match(Terminated.class, t -> Out.emit("terminated-msg", "by", getSelf().path().toStringWithoutAddress(), "ref", Render.path(t.getActor()), "existenceConfirmed", t.getExistenceConfirmed(), "addressTerminated", t.getAddressTerminated()))
          .matchAny(m -> recv(this, m)).build();
    }
  }

  /** /user/deployer: parent (and supervisor) of remotely deployed children and of routers; prints failures. */
  public static class Deployer extends AbstractActor {
    public static final class Make { final Props props; final String name; Make(Props p, String n) { props = p; name = n; } }
    public static final class StopChild { final String name; StopChild(String n) { name = n; } }
    @Override public void preRestart(Throwable t, Optional<Object> m) throws Exception { Out.emit("prerestart", "actor", getSelf().path().toStringWithoutAddress(), "cause", Render.throwable(t)); super.preRestart(t, m); }
    @Override public void postRestart(Throwable t) throws Exception { super.postRestart(t); Out.emit("postrestart", "actor", getSelf().path().toStringWithoutAddress(), "cause", Render.throwable(t)); }
    public static final class Strategy { final String s; Strategy(String s) { this.s = s; } }
    private final boolean all;
    private String decision = "restart";
    public Deployer(Boolean all) { this.all = all; }
    @Override public SupervisorStrategy supervisorStrategy() {
      scala.PartialFunction<Throwable, SupervisorStrategy.Directive> decide = DeciderBuilder.matchAny(t -> {
        Out.emit("child-failed", "child", Render.path(getSender()), "cause", Render.throwable((Throwable) t), "decision", decision);
        switch (decision) {
          case "resume": return (SupervisorStrategy.Directive) SupervisorStrategy.resume();
          case "stop": return (SupervisorStrategy.Directive) SupervisorStrategy.stop();
          case "escalate": return (SupervisorStrategy.Directive) SupervisorStrategy.escalate();
          default: return (SupervisorStrategy.Directive) SupervisorStrategy.restart();
        }
      }).build();
      return all ? new AllForOneStrategy(false, decide) : new OneForOneStrategy(false, decide);
    }
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(Make.class, m -> {
            try {
              ActorRef r = getContext().actorOf(m.props, m.name);
              getContext().watch(r);
              Out.emit("deployed", "name", m.name, "ref", Render.path(r));
            } catch (Exception e) { Out.emit("error", "what", "deploy", "name", m.name, "cause", Render.throwable(e)); }
          })
          .match(StopChild.class, s -> { Optional<ActorRef> r = getContext().findChild(s.name); if (r.isPresent()) getContext().stop(r.get()); else Out.emit("error", "cmd", "stop-child " + s.name, "cause", Out.map("message", "no such child")); })
          .match(Strategy.class, s -> { decision = s.s; Out.emit("ok", "cmd", "strategy", "value", decision); })
          .match(Terminated.class, t -> Out.emit("terminated-msg", "by", getSelf().path().toStringWithoutAddress(), "ref", Render.path(t.getActor()), "existenceConfirmed", t.getExistenceConfirmed(), "addressTerminated", t.getAddressTerminated()))
          .matchAny(m -> recv(this, m)).build();
    }
  }

  /** Deployable with any serializable arguments. Answers "WORKER(args) got MSG"; "throw TEXT" fails; "stop" stops itself. */
  public static class Worker extends AbstractActor {
    private final List<Object> args;
    private long n;
    public Worker() { args = List.of(); }
    public Worker(Object a) { args = Arrays.asList(a); }
    public Worker(Object a, Object b) { args = Arrays.asList(a, b); }
    public Worker(Object a, Object b, Object c) { args = Arrays.asList(a, b, c); }
    private String me() { return getSelf().path().toStringWithoutAddress(); }
    private List<Object> shown() { List<Object> l = new ArrayList<>(); for (Object a : args) l.add(Render.value(a)); return l; }
    @Override public void preStart() { Out.emit("worker-start", "actor", me(), "args", shown(), "parent", Render.path(getContext().getParent())); }
    @Override public void preRestart(Throwable t, Optional<Object> m) { Out.emit("worker-prerestart", "actor", me(), "cause", Render.throwable(t)); }
    @Override public void postRestart(Throwable t) { Out.emit("worker-postrestart", "actor", me()); }
    @Override public void postStop() { Out.emit("worker-stop", "actor", me()); }
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(String.class, s -> s.startsWith("throw"), s -> { throw new IllegalStateException(s.length() > 6 ? s.substring(6) : "told to"); })
          .matchEquals("stop", m -> getContext().stop(getSelf()))
          .matchEquals("inc", m -> n++)
          .matchEquals("get", m -> getSender().tell(n, getSelf()))
          .match(String.class, s -> s.startsWith("child "), s -> getContext().actorOf(Props.create(Worker.class), s.substring(6)))
          .matchAny(m -> { recv(this, m); getSender().tell("worker" + Out.json(shown()) + " at " + me() + " got " + Out.json(Render.value(m)), getSelf()); }).build();
    }
  }

  /** What Timed and Stashing are in: "become a", "push a", "unbecome"; answers which behaviour got what. */
  static AbstractActor.Receive mood(AbstractActor a, String name) {
    return new org.apache.pekko.japi.pf.ReceiveBuilder()
        .match(String.class, s -> s.startsWith("throw"), s -> { throw new IllegalStateException(s.length() > 6 ? s.substring(6) : "told to"); })
        .match(String.class, s -> s.startsWith("become "), s -> a.getContext().become(mood(a, s.substring(7))))
        .match(String.class, s -> s.startsWith("push "), s -> a.getContext().become(mood(a, s.substring(5)), false))
        .matchEquals("unbecome", s -> a.getContext().unbecome())
        .matchAny(m -> { recv(a, m); a.getSender().tell(name + " got " + Out.json(Render.value(m)), a.getSelf()); }).build();
  }

  /** Timers and receive timeouts; KEY is a number. "timer KEY MS TEXT", "ticks KEY MS N" (so many at most), "cancel KEY", "idle MS N" (so many at most). */
  public static class Timed extends AbstractActorWithTimers {
    private static final class Tick { final long key; int left; Tick(long key, int left) { this.key = key; this.left = left; } }
    private int idles;
    @Override public void preStart() { Out.emit("prestart", "actor", getSelf().path().toStringWithoutAddress()); }
    @Override public void postStop() { Out.emit("poststop", "actor", getSelf().path().toStringWithoutAddress()); }
    private static java.time.Duration ms(String s) { return java.time.Duration.ofMillis(Long.parseLong(s)); }
    private void command(String[] w) {
      switch (w[0]) {
        case "timer": getTimers().startSingleTimer(Long.parseLong(w[1]), w[3], ms(w[2])); break;
        case "ticks": getTimers().startTimerAtFixedRate(Long.parseLong(w[1]), new Tick(Long.parseLong(w[1]), Integer.parseInt(w[3])), ms(w[2])); break;
        case "cancel": getTimers().cancel(Long.parseLong(w[1])); break;
        default: idles = Integer.parseInt(w[2]); getContext().setReceiveTimeout(ms(w[1]));
      }
    }
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(String.class, s -> s.matches("(timer [0-9]+ [0-9]+ \\S+|ticks [0-9]+ [0-9]+ [0-9]+|cancel [0-9]+|idle [0-9]+ [0-9]+)"), s -> command(s.split(" ")))
          .match(Tick.class, t -> { Out.emit("tick", "actor", getSelf().path().toStringWithoutAddress(), "key", t.key, "left", --t.left); if (t.left <= 0) getTimers().cancel(t.key); })
          .match(ReceiveTimeout.class, t -> { recv(this, t); if (--idles <= 0) getContext().cancelReceiveTimeout(); })
          .build().orElse(mood(this, "base"));
    }
  }

  /** "hold": from then on all but "open" is stashed; "open" takes it up again; "twice" stashes one message two times. */
  public static class Stashing extends AbstractActorWithStash {
    @Override public void preStart() { Out.emit("prestart", "actor", getSelf().path().toStringWithoutAddress()); }
    @Override public void postStop() throws Exception { super.postStop(); Out.emit("poststop", "actor", getSelf().path().toStringWithoutAddress()); }
    @Override public Receive createReceive() {
      Receive holding = receiveBuilder().matchEquals("open", s -> { unstashAll(); getContext().unbecome(); }).matchAny(m -> stash()).build();
      return receiveBuilder()
          .matchEquals("hold", s -> getContext().become(holding, false))
          .matchEquals("twice", s -> { stash(); stash(); })
          .matchEquals("open", s -> unstashAll())
          .build().orElse(mood(this, "base"));
    }
  }

  /** /user/listener: prints remoting lifecycle events, dead letters, unhandled and dropped messages, and cluster events. */
  public static class Listener extends AbstractActor {
    @Override public Receive createReceive() {
      return receiveBuilder()
          .match(org.apache.pekko.remote.AssociationEvent.class, e -> Out.emit("lifecycle", "kind", e.getClass().getSimpleName(), "local", e.getLocalAddress(), "remote", e.getRemoteAddress(), "inbound", e.isInbound(), "cause", e instanceof org.apache.pekko.remote.AssociationErrorEvent ? Render.throwable(((org.apache.pekko.remote.AssociationErrorEvent) e).cause()) : null, "text", String.valueOf(e).split("\n")[0]))
          .match(org.apache.pekko.remote.QuarantinedEvent.class, e -> Out.emit("lifecycle", "kind", "QuarantinedEvent", "remote", e.address(), "uid", (long) e.uid(), "text", String.valueOf(e).split("\n")[0]))
          .match(org.apache.pekko.remote.ThisActorSystemQuarantinedEvent.class, e -> Out.emit("lifecycle", "kind", "ThisActorSystemQuarantinedEvent", "local", e.localAddress(), "remote", e.remoteAddress(), "text", String.valueOf(e).split("\n")[0]))
          .match(org.apache.pekko.remote.RemotingLifecycleEvent.class, e -> Out.emit("lifecycle", "kind", e.getClass().getSimpleName().replace("$", ""), "text", String.valueOf(e).split("\n")[0]))
          .match(DeadLetter.class, d -> Out.emit("deadletter", "class", d.message().getClass().getName(), "value", Render.value(d.message()), "sender", Render.path(d.sender()), "recipient", Render.path(d.recipient())))
          .match(SuppressedDeadLetter.class, d -> {})
          .match(UnhandledMessage.class, d -> Out.emit("unhandled", "class", d.message().getClass().getName(), "recipient", Render.path(d.getRecipient())))
          .match(Dropped.class, d -> Out.emit("dropped", "class", d.message().getClass().getName(), "reason", d.reason(), "recipient", Render.path(d.recipient())))
          .matchAny(e -> Out.emit("event", "class", e.getClass().getName(), "text", String.valueOf(e).split("\n")[0])).build();
    }
  }
}
