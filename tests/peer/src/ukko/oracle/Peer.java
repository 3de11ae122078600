// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.*;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.remote.RemoteActorRefProvider;
import org.apache.pekko.remote.RemoteScope;
import org.apache.pekko.remote.routing.RemoteRouterConfig;
import org.apache.pekko.routing.*;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.TimeUnit;

/** `peer run`: one actor system, driven by line commands on stdin, reporting JSON lines on stdout. */
final class Peer {
  static volatile Address defaultAddress;

  final ActorSystem system;
  final ActorRef collector, watcher, deployer, listener, forwarder;

  Peer(Opts o, String defaultName) {
    system = ActorSystem.create(o.get("name", defaultName), o.config());
    ExtendedActorSystem es = (ExtendedActorSystem) system;
    defaultAddress = es.provider().getDefaultAddress();
    listener = system.actorOf(Props.create(Actors.Listener.class), "listener");
    for (Class<?> c : new Class<?>[] {org.apache.pekko.remote.RemotingLifecycleEvent.class, DeadLetter.class, UnhandledMessage.class, Dropped.class}) system.eventStream().subscribe(listener, c);
    for (String n : new String[] {"org.apache.pekko.remote.artery.ThisActorSystemQuarantinedEvent", "org.apache.pekko.remote.QuarantinedEvent", "org.apache.pekko.remote.GracefulShutdownQuarantinedEvent"})
      try { system.eventStream().subscribe(listener, Class.forName(n)); } catch (ClassNotFoundException e) { /* not in this version */ }
    system.actorOf(Props.create(Actors.Echo.class), "echo");
    system.actorOf(Props.create(Actors.Sink.class), "sink");
    collector = system.actorOf(Props.create(Actors.Collector.class), "collector");
    forwarder = system.actorOf(Props.create(Actors.Forwarder.class), "forwarder");
    system.actorOf(Props.create(Actors.Failing.class), "failing");
    system.actorOf(Props.create(Actors.Parent.class, 0), "parent");
    system.actorOf(Props.create(Actors.Receptionist.class), "receptionist");
    system.actorOf(Props.create(Actors.Order.class), "order");
    system.actorOf(Props.create(Actors.Caller.class), "caller");
    watcher = system.actorOf(Props.create(Actors.Watcher.class), "watcher");
    deployer = system.actorOf(Props.create(Actors.Deployer.class, o.has("all-for-one")), "deployer");
    if (o.has("cluster")) {
      org.apache.pekko.cluster.Cluster c = org.apache.pekko.cluster.Cluster.get(system);
      c.subscribe(listener, org.apache.pekko.cluster.ClusterEvent.initialStateAsEvents(), org.apache.pekko.cluster.ClusterEvent.MemberEvent.class, org.apache.pekko.cluster.ClusterEvent.UnreachableMember.class);
    }
    Out.emit("started", "address", defaultAddress, "uid", org.apache.pekko.remote.AddressUidExtension.get(system).longAddressUid(), "pekko", ActorSystem.Version(), "pid", ProcessHandle.current().pid());
  }

  static void main(Opts o) throws Exception {
    Peer p;
    try {
      p = new Peer(o, "peer");
    } catch (Throwable t) {
      Out.emit("start-failed", "cause", Render.throwable(t), "root", t.getCause() == null ? null : Render.throwable(t.getCause()));
      System.exit(3);
      return;
    }
    p.system.registerOnTermination(() -> { Out.emit("terminated"); });
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      line = line.trim();
      if (line.isEmpty() || line.startsWith("#")) continue;
      if (line.equals("terminate") || line.equals("quit")) break;
      try {
        p.command(line);
      } catch (Throwable t) {
        Out.emit("error", "cmd", line, "cause", Render.throwable(t));
      }
    }
    p.system.terminate();
    try {
      p.system.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
      Thread.sleep(100);
    } catch (java.util.concurrent.TimeoutException e) {
      Out.emit("terminate-timeout");
      System.exit(4);
    }
    System.exit(0);
  }

  private static String[] cut(String s) {
    int i = s.indexOf(' ');
    return i < 0 ? new String[] {s, ""} : new String[] {s.substring(0, i), s.substring(i + 1).trim()};
  }

  ActorRef ref(String path) { return Msg.resolve(system, path); }

  private InternalActorRef iref(String path) { return (InternalActorRef) ref(path); }

  private static List<String> words(String s) {
    List<String> l = new ArrayList<>();
    for (String w : s.split(" +")) if (!w.isEmpty()) l.add(w);
    return l;
  }

  private void reply(String path, Object r, Throwable e) {
    if (e != null) Out.emit("reply", "path", path, "error", Render.throwable(e));
    else Out.emit("reply", "path", path, "class", r.getClass().getName(), "value", Render.value(r));
  }

  private void make(Props p, String name) { deployer.tell(new Actors.Deployer.Make(p, name), ActorRef.noSender()); }

  private static final Duration WITHIN = Duration.ofSeconds(5), INTERVAL = Duration.ofMillis(20);

  private static Pool localPool(String kind, int n) {
    switch (kind) {
      case "broadcast": return new BroadcastPool(n);
      case "random": return new RandomPool(n);
      case "balancing": return new BalancingPool(n);
      case "smallest": return new SmallestMailboxPool(n);
      case "scatter": return new ScatterGatherFirstCompletedPool(n, WITHIN);
      case "tail": return new TailChoppingPool(n, WITHIN, INTERVAL);
      case "hash": return new ConsistentHashingPool(n);
      default: return new RoundRobinPool(n);
    }
  }

  private static Group localGroup(String kind, List<String> paths) {
    switch (kind) {
      case "broadcast": return new BroadcastGroup(paths);
      case "random": return new RandomGroup(paths);
      case "scatter": return new ScatterGatherFirstCompletedGroup(paths, WITHIN);
      case "tail": return new TailChoppingGroup(paths, WITHIN, INTERVAL);
      case "hash": return new ConsistentHashingGroup(paths);
      default: return new RoundRobinGroup(paths);
    }
  }

  private Props props(String cls, List<String> args) throws Exception {
    String n = cls.indexOf('.') < 0 ? "ukko.oracle.Actors$" + cls : cls;
    Object[] a = new Object[args.size()];
    for (int i = 0; i < a.length; i++) a[i] = Msg.parse(system, args.get(i));
    return Props.create(Class.forName(n), a);
  }

  /** what subscribe names: an event of the runtime, or a message */
  private static Class<?> channel(String name) throws ClassNotFoundException {
    switch (name) {
      case "String": return String.class;
      case "Greeting": return Greeting.class;
      default: return Class.forName("org.apache.pekko.actor." + name);
    }
  }

  @SuppressWarnings("unchecked")
  void command(String line) throws Exception {
    String[] c = cut(line), a = cut(c[1]);
    Duration t = Duration.ofSeconds(10);
    switch (c[0]) {
      case "select": system.actorSelection(a[0]).tell(Msg.parse(system, a[1]), collector); break;
      case "select-nosender": system.actorSelection(a[0]).tell(Msg.parse(system, a[1]), ActorRef.noSender()); break;
      case "tell": ref(a[0]).tell(Msg.parse(system, a[1]), collector); break;
      case "tell-nosender": ref(a[0]).tell(Msg.parse(system, a[1]), ActorRef.noSender()); break;
      case "tell-as": { String[] b = cut(a[1]); ref(b[0]).tell(Msg.parse(system, b[1]), ref(a[0])); break; }
      case "flood": { // flood PATH COUNT MSG
        String[] b = cut(a[1]); ActorRef r = ref(a[0]); Object m = Msg.parse(system, b[1]);
        for (int i = 0, n = Integer.parseInt(b[0]); i < n; i++) r.tell(m, collector);
        Out.emit("ok", "cmd", "flood", "count", b[0]); break; }
      case "numbered": { // numbered PATH COUNT: Longs 0..COUNT-1
        ActorRef r = ref(a[0]); for (long i = 0, n = Long.parseLong(a[1]); i < n; i++) r.tell(i, collector); Out.emit("ok", "cmd", "numbered", "count", a[1]); break; }
      case "identify": system.actorSelection(a[0]).tell(new Identify(a[1].isEmpty() ? "id" : Msg.parse(system, a[1])), collector); break;
      case "resolve":
        system.actorSelection(a[0]).resolveOne(a[1].isEmpty() ? t : Duration.ofMillis(Long.parseLong(a[1]))).whenComplete((r, e) -> { if (e != null) Out.emit("resolved", "path", a[0], "ref", null, "cause", Render.throwable(e)); else Out.emit("resolved", "path", a[0], "ref", Render.path(r)); });
        break;
      case "ask":
        Patterns.ask(system.actorSelection(a[0]), Msg.parse(system, a[1]), t).whenComplete((r, e) -> reply(a[0], r, e));
        break;
      case "ask-ms": { // ask-ms MILLIS PATH MSG: through a selection, with this timeout
        String[] b = cut(a[1]);
        Patterns.ask(system.actorSelection(b[0]), Msg.parse(system, b[1]), Duration.ofMillis(Long.parseLong(a[0]))).whenComplete((r, e) -> reply(b[0], r, e));
        break; }
      case "ask-ref": // to the bare reference
        Patterns.ask(ref(a[0]), Msg.parse(system, a[1]), t).whenComplete((r, e) -> reply(a[0], r, e));
        break;
      case "select-at": { // select-at ANCHOR RELATIVE MSG: selection anchored at a reference instead of the root
        String[] b = cut(a[1]);
        ActorSelection.apply(ref(a[0]), b[0]).tell(Msg.parse(system, b[1]), collector);
        break; }
      case "watch-by": { String[] b = cut(c[1]); ref("/user/" + b[0]).tell(new Actors.Watcher.DoWatch(ref(b[1])), ActorRef.noSender()); break; } // watch-by NAME PATH
      case "unwatch-by": { String[] b = cut(c[1]); ref("/user/" + b[0]).tell(new Actors.Watcher.DoUnwatch(ref(b[1])), ActorRef.noSender()); break; }
      case "watch":
        system.actorSelection(a[0]).resolveOne(t).whenComplete((r, e) -> { if (e != null) Out.emit("error", "cmd", line, "cause", Render.throwable(e)); else watcher.tell(new Actors.Watcher.DoWatch(r), ActorRef.noSender()); });
        break;
      case "watchref": watcher.tell(new Actors.Watcher.DoWatch(ref(a[0])), ActorRef.noSender()); break;
      case "unwatch":
        system.actorSelection(a[0]).resolveOne(t).whenComplete((r, e) -> { if (e != null) Out.emit("error", "cmd", line, "cause", Render.throwable(e)); else watcher.tell(new Actors.Watcher.DoUnwatch(r), ActorRef.noSender()); });
        break;
      case "unwatchref": watcher.tell(new Actors.Watcher.DoUnwatch(ref(a[0])), ActorRef.noSender()); break;
      case "stop": system.stop(ref(a[0])); break; // remote ref: a Terminate system message
      case "suspend": iref(a[0]).suspend(); break;
      case "resume": iref(a[0]).resume(null); break;
      case "restart": iref(a[0]).restart(new IllegalStateException("restarted by command")); break;
      case "poison": system.actorSelection(a[0]).tell(PoisonPill.getInstance(), collector); break;
      case "kill": system.actorSelection(a[0]).tell(Kill.getInstance(), collector); break;
      case "poison-ref": ref(a[0]).tell(PoisonPill.getInstance(), collector); break;
      case "kill-ref": ref(a[0]).tell(Kill.getInstance(), collector); break;
      case "spawn": { List<String> w = words(c[1]); ActorRef r = system.actorOf(props(w.get(0), w.subList(2, w.size())), w.get(1)); Out.emit("spawned", "ref", Render.path(r)); break; } // spawn CLASS NAME ARGS..
      case "deploy": { // deploy CLASS NAME ADDRESS ARGS...
        List<String> w = words(c[1]);
        Props p = props(w.get(0), w.subList(3, w.size())).withDeploy(new Deploy(new RemoteScope(AddressFromURIString.parse(w.get(2)))));
        deployer.tell(new Actors.Deployer.Make(p, w.get(1)), ActorRef.noSender());
        break;
      }
      case "make": { List<String> w = words(c[1]); make(props(w.get(0), w.subList(2, w.size())), w.get(1)); break; } // make CLASS NAME ARGS: the configuration decides where
      case "make-local": { List<String> w = words(c[1]); make(props(w.get(0), w.subList(2, w.size())).withDeploy(new Deploy(LocalScope.getInstance())), w.get(1)); break; }
      case "make-router": { List<String> w = words(c[1]); make(FromConfig.getInstance().props(props(w.get(1), w.subList(2, w.size()))), w.get(0)); break; } // make-router NAME CLASS ARGS: pool, from configuration
      case "make-group": make(FromConfig.getInstance().props(), a[0]); break; // make-group NAME: group, from configuration
      case "pool-at": { // pool-at KIND NAME N ADDRESS CLASS ARGS: the router itself is deployed on the node
        List<String> w = words(c[1]);
        make(localPool(w.get(0), Integer.parseInt(w.get(2))).props(props(w.get(4), w.subList(5, w.size()))).withDeploy(new Deploy(new RemoteScope(AddressFromURIString.parse(w.get(3))))), w.get(1));
        break;
      }
      case "stop-child": deployer.tell(new Actors.Deployer.StopChild(a[0]), ActorRef.noSender()); break;
      case "routees":
        Patterns.ask(ref(a[0]), GetRoutees.getInstance(), t).whenComplete((r, e) -> {
          if (e != null) { Out.emit("routees", "path", a[0], "error", Render.throwable(e)); return; }
          List<Object> l = new ArrayList<>();
          for (Routee x : ((Routees) r).getRoutees()) l.add(x instanceof ActorRefRoutee ? Render.path(((ActorRefRoutee) x).ref()) : x instanceof ActorSelectionRoutee ? ((ActorSelectionRoutee) x).selection().toSerializationFormat() : String.valueOf(x));
          Out.emit("routees", "path", a[0], "count", l.size(), "list", l);
        });
        break;
      case "config": { // config TYPE KEY: ms | bytes | bool | int | double | str | list
        com.typesafe.config.Config g = system.settings().config();
        Object v;
        switch (a[0]) {
          case "ms": v = g.getDuration(a[1], TimeUnit.MILLISECONDS); break;
          case "bytes": v = g.getBytes(a[1]); break;
          case "bool": v = g.getBoolean(a[1]); break;
          case "int": v = g.getLong(a[1]); break;
          case "double": v = g.getDouble(a[1]); break;
          case "list": v = g.getStringList(a[1]); break;
          default: v = g.getString(a[1]);
        }
        Out.emit("config", "key", a[1], "value", v);
        break;
      }
      case "task": { // task PHASE NAME [fail]: of the coordinated shutdown
        List<String> w = words(c[1]);
        CoordinatedShutdown.get(system).addTask(w.get(0), w.get(1), () -> {
          Out.emit("task", "phase", w.get(0), "task", w.get(1));
          java.util.concurrent.CompletableFuture<org.apache.pekko.Done> f = new java.util.concurrent.CompletableFuture<>();
          if (w.size() > 2) f.completeExceptionally(new IllegalStateException("told to")); else f.complete(org.apache.pekko.Done.getInstance());
          return f;
        });
        Out.emit("ok", "cmd", "task");
        break;
      }
      case "subscribe": Out.emit("ok", "cmd", "subscribe", "value", system.eventStream().subscribe(ref(a[0]), channel(a[1]))); break; // subscribe PATH CHANNEL
      case "unsubscribe": Out.emit("ok", "cmd", "unsubscribe", "value", system.eventStream().unsubscribe(ref(a[0]), channel(a[1]))); break;
      case "strategy": deployer.tell(new Actors.Deployer.Strategy(a[0]), ActorRef.noSender()); break; // restart | resume | stop | escalate
      case "pool": { // pool KIND NAME N ADDRESS[,ADDRESS] CLASS ARGS...
        List<String> w = words(c[1]);
        Pool local = localPool(w.get(0), Integer.parseInt(w.get(2)));
        if (w.get(3).equals("-")) { make(local.props(props(w.get(4), w.subList(5, w.size()))), w.get(1)); break; } // no nodes: an ordinary pool
        List<Address> nodes = new ArrayList<>();
        for (String s : w.get(3).split(",")) nodes.add(AddressFromURIString.parse(s));
        Props p = new RemoteRouterConfig(local, nodes.toArray(new Address[0])).props(props(w.get(4), w.subList(5, w.size())));
        deployer.tell(new Actors.Deployer.Make(p, w.get(1)), ActorRef.noSender());
        break;
      }
      case "group": { // group KIND NAME PATH[,PATH]
        List<String> w = words(c[1]);
        List<String> paths = Arrays.asList(w.get(2).split(","));
        make(localGroup(w.get(0), paths).props(), w.get(1));
        break;
      }
      case "hashed": { // hashed PATH KEY MSG: the routee of KEY gets MSG
        String[] b = cut(a[1]);
        ref(a[0]).tell(new ConsistentHashingRouter.ConsistentHashableEnvelope(Msg.parse(system, b[1]), Msg.parse(system, b[0])), collector);
        break; }
      case "adjust": ref(a[0]).tell(new AdjustPoolSize(Integer.parseInt(a[1])), collector); break; // adjust PATH N: so many routees more, or less
      case "add-routee": ref(a[0]).tell(new AddRoutee(new ActorRefRoutee(ref(a[1]))), collector); break;
      case "remove-routee": ref(a[0]).tell(new RemoveRoutee(new ActorRefRoutee(ref(a[1]))), collector); break;
      case "broadcast": ref(a[0]).tell(new Broadcast(Msg.parse(system, a[1])), collector); break;
      case "forward-to": forwarder.tell(new Actors.Forwarder.To(ref(a[0])), ActorRef.noSender()); Out.emit("ok", "cmd", "forward-to"); break;
      case "quarantine": { // quarantine ADDRESS [UID]
        scala.Option<Object> uid = a[1].isEmpty() ? scala.Option.empty() : scala.Option.apply((Object) Long.valueOf(a[1]));
        ((RemoteActorRefProvider) ((ExtendedActorSystem) system).provider()).quarantine(AddressFromURIString.parse(a[0]), uid, "told to by the driver");
        Out.emit("ok", "cmd", "quarantine");
        break;
      }
      case "fault": Faults.inject(system, a[0], a[1]); break; // fault ADDRESS KIND [ARGS]
      case "publish": // publish a lifecycle event or any text on the event stream
        system.eventStream().publish(Msg.parse(system, c[1])); Out.emit("ok", "cmd", "publish"); break;
      case "serialize": { // what serializer, manifest and bytes a message gets here
        Vectors.emit(system, "serialize", Msg.parse(system, c[1])); break; }
      case "deserialize": { // deserialize ID MANIFEST|- HEX
        String[] b = cut(a[1]);
        Object v = org.apache.pekko.serialization.SerializationExtension.get(system).deserialize(Out.unhex(b[1]), Integer.parseInt(a[0]), b[0].equals("-") ? "" : b[0]).get();
        Out.emit("deserialized", "class", v.getClass().getName(), "value", Render.value(v)); break; }
      case "join": org.apache.pekko.cluster.Cluster.get(system).join(AddressFromURIString.parse(a[0])); break;
      case "leave": { org.apache.pekko.cluster.Cluster cl = org.apache.pekko.cluster.Cluster.get(system); cl.leave(a[0].isEmpty() ? cl.selfAddress() : AddressFromURIString.parse(a[0])); break; }
      case "count": Patterns.ask(system.actorSelection("/user/sink"), "count", t).whenComplete((r, e) -> Out.emit("count", "value", r)); break;
      case "sleep": Thread.sleep(Long.parseLong(a[0])); break;
      case "mark": Out.emit("mark", "text", c[1]); break;
      case "gc": System.gc(); Out.emit("ok", "cmd", "gc"); break;
      case "crash": Runtime.getRuntime().halt(1); break;
      default: Out.emit("error", "cmd", line, "cause", Out.map("message", "unknown command"));
    }
  }
}
