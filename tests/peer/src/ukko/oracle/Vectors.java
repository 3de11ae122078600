// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import com.typesafe.config.ConfigFactory;

import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.*;
import org.apache.pekko.dispatch.sysmsg.*;
import org.apache.pekko.pattern.StatusReply;
import org.apache.pekko.remote.*;
import org.apache.pekko.remote.routing.RemoteRouterConfig;
import org.apache.pekko.routing.*;
import org.apache.pekko.serialization.*;
import org.apache.pekko.util.ByteString;

import java.io.*;
import java.lang.reflect.*;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;

/** `peer vectors --out FILE`: golden bytes made by calling Pekko's own serializers and PDU codec. */
final class Vectors {
  private static final String LOCAL = "pekko.tcp://vec@127.0.0.1:25520", PEER = "pekko.tcp://peer@127.0.0.1:2552";
  private final ActorSystem sys;
  private final ExtendedActorSystem es;
  private final List<Map<String, Object>> out = new ArrayList<>();

  Vectors(ActorSystem s) { sys = s; es = (ExtendedActorSystem) s; }

  static Object module(String cls) throws Exception { Field f = Class.forName(cls).getField("MODULE$"); return f.get(null); }

  static Object make(String cls, Object... a) throws Exception {
    for (Constructor<?> c : Class.forName(cls).getDeclaredConstructors())
      if (c.getParameterCount() == a.length) {
        try { c.setAccessible(true); return c.newInstance(a); } catch (IllegalArgumentException e) { /* next */ }
      }
    throw new NoSuchMethodException(cls + Arrays.toString(a));
  }

  static Object call(Object o, String name, Object... a) throws Exception {
    for (Method m : o.getClass().getMethods())
      if (m.getName().equals(name) && m.getParameterCount() == a.length) return m.invoke(o, a);
    throw new NoSuchMethodException(name);
  }

  private ActorRef ref(String p) { return es.provider().resolveActorRef(p); }

  /** inside the transport information of the system, as the remoting does it, so that local references get their full address */
  private static Map<String, Object> serialize(ActorSystem s, String name, String what, Object m) {
    scala.Function0<Map<String, Object>> f = () -> serialize0(s, name, what, m);
    return org.apache.pekko.serialization.Serialization$.MODULE$.withTransportInformation((ExtendedActorSystem) s, f);
  }

  private static Map<String, Object> serialize0(ActorSystem s, String name, String what, Object m) {
    Map<String, Object> r = Out.map("name", name, "kind", "message", "what", what, "class", m.getClass().getName());
    try {
      Serialization ser = SerializationExtension.get(s);
      Serializer z = ser.findSerializerFor(m);
      byte[] b = z.toBinary(m);
      String manifest = Serializers.manifestFor(z, m);
      r.put("serializer_id", z.identifier());
      r.put("serializer", z.getClass().getName());
      r.put("manifest", manifest);
      r.put("bytes", b.length);
      r.put("hex", Out.hex(b));
      if (m instanceof String || m instanceof Number || m instanceof Greeting || m instanceof CborGreeting || m instanceof BigDoc || m instanceof Mixed || m instanceof MixedCbor) r.put("value", Render.value(m));
      try {
        Object back = ser.deserialize(b, z.identifier(), manifest).get();
        boolean eq = m instanceof byte[] ? Arrays.equals((byte[]) m, (byte[]) back) : m.equals(back) || Out.json(Render.value(m)).equals(Out.json(Render.value(back)));
        r.put("roundtrip", eq ? "equal" : "class " + back.getClass().getName());
      } catch (Throwable e) { r.put("roundtrip", "fails: " + e); }
    } catch (Throwable e) { r.put("error", e.toString()); }
    return r;
  }

  static void emit(ActorSystem s, String ev, Object m) {
    Map<String, Object> r = serialize(s, "adhoc", "", m);
    r.put("ev", ev);
    Out.line(r);
  }

  private void msg(String name, String what, Object m) { out.add(serialize(sys, name, what, m)); }

  private void pdu(String name, String what, Object bytes) {
    byte[] b = bytes instanceof byte[] ? (byte[]) bytes : ((ByteString) bytes).toArray();
    Map<String, Object> r = Out.map("name", name, "kind", "pdu", "what", what, "bytes", b.length, "hex", Out.hex(b), "decoded", Wire.decode(b));
    out.add(r);
  }

  private static <T> scala.collection.immutable.List<T> list(List<T> l) { return scala.jdk.javaapi.CollectionConverters.asScala(l).toList(); }

  private static <T extends Throwable> T fixed(T t) {
    t.setStackTrace(new StackTraceElement[] {new StackTraceElement("com.example.Thing", "doIt", "Thing.java", 12), new StackTraceElement("com.example.Main", "main", "Main.java", 3)});
    return t;
  }

  private Object selection(boolean fan, Object m, SelectionPathElement... e) throws Exception {
    return make("org.apache.pekko.actor.ActorSelectionMessage", m, list(Arrays.asList(e)), fan);
  }

  private void all() throws Exception {
    // plain payloads
    msg("string-empty", "String \"\"", "");
    msg("string-hello", "String \"hello\"", "hello");
    msg("string-unicode", "String with 2, 3 and 4 byte UTF-8", "gr\u00fc\u00df \u2603 \ud83d\ude80");
    for (long v : new long[] {0, 1, -1, 255, 1L << 40, Long.MIN_VALUE, Long.MAX_VALUE}) msg("long-" + v, "java.lang.Long: 8 bytes little endian", v);
    for (int v : new int[] {0, 1, -1, 255, Integer.MIN_VALUE, Integer.MAX_VALUE}) msg("int-" + v, "java.lang.Integer: 4 bytes little endian", v);
    msg("boolean-true", "java.lang.Boolean", true);
    msg("boolean-false", "java.lang.Boolean", false);
    msg("bytes-empty", "byte[0]", new byte[0]);
    msg("bytes-3", "byte[] 00 7f ff", new byte[] {0, 0x7f, (byte) 0xff});
    msg("bytestring-empty", "ByteString.empty", ByteString.emptyByteString());
    msg("bytestring-3", "ByteString 00 7f ff", ByteString.fromArray(new byte[] {0, 0x7f, (byte) 0xff}));
    msg("double", "java.lang.Double: no serializer but Java's, which is off", 1.5);
    // Jackson, protobuf
    msg("json-greeting", "Jackson JSON POJO", new Greeting("hi", 3));
    msg("json-greeting-null", "Jackson JSON POJO with a null field", new Greeting(null, -1));
    msg("cbor-greeting", "Jackson CBOR POJO", new CborGreeting("hi", 3));
    msg("json-mixed", "Jackson JSON POJO, one field of each shape, with an ActorRef", Mixed.sample(ref(PEER + "/user/replies#77")));
    msg("cbor-mixed", "Jackson CBOR POJO, one field of each shape", MixedCbor.sample());
    msg("json-big-uncompressed", "Jackson JSON POJO just below 32 KiB: not compressed", BigDoc.ofChars(27000));
    msg("json-big-gzip", "Jackson JSON POJO above 32 KiB: gzip", BigDoc.ofChars(60000));
    msg("protobuf-stringvalue", "com.google.protobuf.StringValue \"pb\"", com.google.protobuf.StringValue.of("pb"));
    msg("java-thing", "java.io.Serializable only", new JavaThing("x"));
    // misc
    msg("identify-string", "Identify(\"id\")", new Identify("id"));
    msg("identify-int", "Identify(7)", new Identify(7));
    msg("identify-none", "Identify(None)", new Identify(scala.Option.empty()));
    msg("actoridentity-ref", "ActorIdentity(\"id\", Some(ref))", new ActorIdentity("id", scala.Option.apply(ref(PEER + "/user/echo#1234"))));
    msg("actoridentity-none", "ActorIdentity(\"id\", None)", new ActorIdentity("id", scala.Option.empty()));
    msg("some-string", "Some(\"x\")", scala.Some.apply("x"));
    msg("some-some", "Some(Some(5L))", scala.Some.apply(scala.Some.apply(5L)));
    msg("none", "None", scala.Option.empty());
    msg("optional-string", "Optional.of(\"x\")", Optional.of("x"));
    msg("optional-empty", "Optional.empty()", Optional.empty());
    msg("status-success", "Status.Success(\"ok\")", new Status.Success("ok"));
    msg("status-success-json", "Status.Success(Greeting)", new Status.Success(new Greeting("hi", 3)));
    msg("status-failure-ise", "Status.Failure(IllegalStateException(\"bad\")): the exception becomes ThrowableNotSerializableException", new Status.Failure(fixed(new IllegalStateException("bad"))));
    msg("status-failure-timeout", "Status.Failure(TimeoutException(\"slow\"))", new Status.Failure(fixed(new java.util.concurrent.TimeoutException("slow"))));
    msg("statusreply-success", "StatusReply.success(\"fine\")", StatusReply.success("fine"));
    msg("statusreply-ack", "StatusReply.ack()", StatusReply.ack());
    msg("statusreply-error-text", "StatusReply.error(\"nope\")", StatusReply.error("nope"));
    msg("statusreply-error-exception", "StatusReply.error(TimeoutException)", StatusReply.error(fixed(new java.util.concurrent.TimeoutException("slow"))));
    msg("throwable-timeout", "TimeoutException with two stack frames", fixed(new java.util.concurrent.TimeoutException("slow")));
    msg("throwable-killed", "ActorKilledException", fixed((Throwable) make("org.apache.pekko.actor.ActorKilledException", "Kill")));
    msg("throwable-invalidname", "InvalidActorNameException", fixed((Throwable) make("org.apache.pekko.actor.InvalidActorNameException", "bad name")));
    msg("throwable-plain", "IllegalStateException by itself: Java serialization, off", fixed(new IllegalStateException("bad")));
    msg("throwable-notserializable", "ThrowableNotSerializableException", make("org.apache.pekko.remote.serialization.ThrowableNotSerializableException", "bad", "java.lang.IllegalStateException"));
    msg("throwable-actorinit", "ActorInitializationException", fixed((Throwable) make("org.apache.pekko.actor.ActorInitializationException", ref(PEER + "/user/echo#1234"), "no", fixed(new java.util.concurrent.TimeoutException("slow")))));
    msg("actorref-remote", "ActorRef of another system", ref(PEER + "/user/echo#1234"));
    msg("actorref-deadletters", "ActorRef of our deadLetters", sys.deadLetters());
    msg("actorref-noone", "ActorRef.noSender is null on the wire (no sender field); Nobody:", module("org.apache.pekko.actor.Nobody$"));
    msg("poisonpill", "PoisonPill", PoisonPill.getInstance());
    msg("kill", "Kill", Kill.getInstance());
    msg("done", "Done", Done.getInstance());
    msg("notused", "NotUsed", NotUsed.getInstance());
    msg("address", "Address " + PEER, AddressFromURIString.parse(PEER));
    msg("address-local", "Address without host: cannot travel", AddressFromURIString.parse("pekko://peer"));
    msg("uniqueaddress", "UniqueAddress(" + PEER + ", 1234567)", make("org.apache.pekko.remote.UniqueAddress", AddressFromURIString.parse(PEER), 1234567L));
    msg("uniqueaddress-negative", "UniqueAddress with a negative uid", make("org.apache.pekko.remote.UniqueAddress", AddressFromURIString.parse(PEER), -1234567L));
    msg("remotewatcher-heartbeat", "RemoteWatcher.Heartbeat", module("org.apache.pekko.remote.RemoteWatcher$Heartbeat$"));
    msg("remotewatcher-heartbeatrsp", "RemoteWatcher.HeartbeatRsp(1234567)", make("org.apache.pekko.remote.RemoteWatcher$HeartbeatRsp", 1234567));
    msg("remotewatcher-heartbeatrsp-negative", "RemoteWatcher.HeartbeatRsp(-1234567): sign-extended to a 10 byte varint", make("org.apache.pekko.remote.RemoteWatcher$HeartbeatRsp", -1234567));
    msg("localscope", "LocalScope", module("org.apache.pekko.actor.LocalScope$"));
    msg("remotescope", "RemoteScope(" + PEER + ")", new RemoteScope(AddressFromURIString.parse(PEER)));
    msg("config-empty", "Config {}", ConfigFactory.empty());
    msg("config", "Config a.b = 1, c = [x]", ConfigFactory.parseString("a.b = 1, c = [x]"));
    msg("fromconfig", "FromConfig", module("org.apache.pekko.routing.FromConfig$"));
    msg("defaultresizer", "DefaultResizer(1, 10)", new DefaultResizer(1, 10));
    msg("roundrobinpool", "RoundRobinPool(3)", new RoundRobinPool(3));
    msg("roundrobinpool-resizer", "RoundRobinPool(3) with resizer and dispatcher", new RoundRobinPool(3).withResizer(new DefaultResizer(1, 10)).withDispatcher("my-dispatcher"));
    msg("broadcastpool", "BroadcastPool(3)", new BroadcastPool(3));
    msg("randompool", "RandomPool(3)", new RandomPool(3));
    msg("balancingpool", "BalancingPool(3)", new BalancingPool(3));
    msg("smallestmailboxpool", "SmallestMailboxPool(3)", new SmallestMailboxPool(3));
    msg("scattergatherpool", "ScatterGatherFirstCompletedPool(3, 5 s)", new ScatterGatherFirstCompletedPool(3, Duration.ofSeconds(5)));
    msg("tailchoppingpool", "TailChoppingPool(3, 5 s, 20 ms)", new TailChoppingPool(3, Duration.ofSeconds(5), Duration.ofMillis(20)));
    msg("roundrobingroup", "RoundRobinGroup: bound to misc but not implemented there", new RoundRobinGroup(Arrays.asList(PEER + "/user/a", PEER + "/user/b")));
    msg("remoterouterconfig", "RemoteRouterConfig(RoundRobinPool(2), two nodes)", new RemoteRouterConfig(new RoundRobinPool(2), new Address[] {AddressFromURIString.parse(PEER), AddressFromURIString.parse("pekko.tcp://peer2@127.0.0.1:2553")}));
    msg("broadcast", "routing.Broadcast(\"x\")", new Broadcast("x"));
    msg("terminated", "Terminated is local only (DeathWatchNotification travels)", make("org.apache.pekko.actor.Terminated", ref(PEER + "/user/echo#1234"), true, false));
    msg("addressterminated", "AddressTerminated is local only", make("org.apache.pekko.actor.AddressTerminated", AddressFromURIString.parse(PEER)));
    // selections
    SelectionPathElement user = new SelectChildName("user"), echo = new SelectChildName("echo"), up = (SelectionPathElement) module("org.apache.pekko.actor.SelectParent$");
    msg("selection-string", "ActorSelectionMessage(\"hello\", /user/echo)", selection(false, "hello", user, echo));
    msg("selection-identify", "ActorSelectionMessage(Identify(\"id\"), /user/echo)", selection(false, new Identify("id"), user, echo));
    msg("selection-identify-none", "what resolveOne sends: Identify(None)", selection(false, new Identify(scala.Option.empty()), user, echo));
    msg("selection-wildcard", "ActorSelectionMessage(\"hello\", /user/parent/c*): pattern is the glob, not a regex", selection(false, "hello", user, new SelectChildName("parent"), new SelectChildPattern("c*")));
    msg("selection-question", "ActorSelectionMessage(\"hello\", /user/parent/c?)", selection(false, "hello", user, new SelectChildName("parent"), new SelectChildPattern("c?")));
    msg("selection-parent", "ActorSelectionMessage(\"hello\", /user/parent/c1/../c2)", selection(false, "hello", user, new SelectChildName("parent"), new SelectChildName("c1"), up, new SelectChildName("c2")));
    msg("selection-fanout", "ActorSelectionMessage with wildcardFanOut = true", selection(true, "hello", user, echo));
    msg("selection-json", "ActorSelectionMessage(Greeting, /user/echo)", selection(false, new Greeting("hi", 3), user, echo));
    msg("selection-poison", "ActorSelectionMessage(PoisonPill, /user/echo)", selection(false, PoisonPill.getInstance(), user, echo));
    // system messages
    InternalActorRef we = (InternalActorRef) ref(PEER + "/user/watchee#1234"), wr = (InternalActorRef) ref(LOCAL + "/user/watcher#-5678");
    InternalActorRef wr2 = (InternalActorRef) ref("pekko.tcp://other@127.0.0.1:2554/user/watcher#-5678");
    Throwable tmo = fixed(new java.util.concurrent.TimeoutException("slow"));
    msg("sys-create", "Create(None)", new Create(scala.Option.empty()));
    msg("sys-create-failed", "Create(Some(ActorInitializationException))", new Create(scala.Option.apply((ActorInitializationException) fixed((Throwable) make("org.apache.pekko.actor.ActorInitializationException", we, "no", tmo)))));
    msg("sys-recreate", "Recreate(TimeoutException)", new Recreate(tmo));
    msg("sys-recreate-unserializable", "Recreate(IllegalStateException)", new Recreate(fixed(new IllegalStateException("bad"))));
    msg("sys-suspend", "Suspend()", new Suspend());
    msg("sys-resume", "Resume(TimeoutException)", new Resume(tmo));
    msg("sys-resume-null", "Resume(null)", new Resume(null));
    msg("sys-terminate", "Terminate()", new Terminate());
    msg("sys-supervise", "Supervise(child, async = true)", new Supervise(we, true));
    msg("sys-supervise-sync", "Supervise(child, async = false)", new Supervise(we, false));
    msg("sys-watch", "Watch(watchee, watcher)", new Watch(we, wr2));
    msg("sys-unwatch", "Unwatch(watchee, watcher)", new Unwatch(we, wr2));
    msg("sys-failed", "Failed(child, TimeoutException, uid 1234)", new Failed(we, tmo, 1234));
    msg("sys-failed-negative-uid", "Failed(child, IllegalStateException, uid -1234)", new Failed(we, fixed(new IllegalStateException("bad")), -1234));
    msg("sys-deathwatchnotification", "DeathWatchNotification(existenceConfirmed, not addressTerminated)", new DeathWatchNotification(we, true, false));
    msg("sys-deathwatchnotification-unknown", "DeathWatchNotification(existence not confirmed): watch of a dead actor", new DeathWatchNotification(we, false, false));
    msg("sys-deathwatchnotification-address", "DeathWatchNotification(addressTerminated)", new DeathWatchNotification(we, true, true));
    // remote deployment
    Deploy rs = new Deploy(new RemoteScope(AddressFromURIString.parse(PEER)));
    String where = PEER + "/remote/pekko.tcp/vec@127.0.0.1:25520/user/deployer/w1";
    ActorRef sup = ref("pekko.tcp://other@127.0.0.1:2554/user/deployer#42");
    msg("daemon-create-noargs", "DaemonMsgCreate, Worker without arguments", new DaemonMsgCreate(Props.create(Actors.Worker.class), rs, where, sup));
    msg("daemon-create-args", "DaemonMsgCreate, Worker(\"a\", 5L, Greeting)", new DaemonMsgCreate(Props.create(Actors.Worker.class, "a", 5L, new Greeting("hi", 3)), rs, where, sup));
    msg("daemon-create-null", "DaemonMsgCreate with a null argument", new DaemonMsgCreate(Props.create(Actors.Worker.class, "a", null), rs, where, sup));
    msg("daemon-create-dispatcher", "DaemonMsgCreate, props with dispatcher, mailbox and tags", new DaemonMsgCreate(Props.create(Actors.Worker.class, "a").withDispatcher("d1").withMailbox("m1").withActorTags("t1", "t2"), rs, where, sup));
    msg("daemon-create-router", "DaemonMsgCreate, deploy with RoundRobinPool(3)", new DaemonMsgCreate(Props.create(Actors.Worker.class, "a").withRouter(new RoundRobinPool(3)), new Deploy(new RoundRobinPool(3), new RemoteScope(AddressFromURIString.parse(PEER))), where, sup));
    // protocol data units
    Object codec = module("org.apache.pekko.remote.transport.PekkoPduProtobufCodec$");
    String ah = "org.apache.pekko.remote.transport.AssociationHandle$";
    for (long uid : new long[] {1234567, -1234567}) pdu("associate" + (uid < 0 ? "-negative-uid" : ""), "ASSOCIATE from " + PEER + " uid " + uid + " (fixed64, sign-extended 32 bit); the protocol field is that of the transport, tcp, not pekko.tcp", Raw.associate(PEER, uid, false));
    pdu("associate-ssl", "ASSOCIATE over netty.ssl: protocol ssl.tcp", Raw.associate(PEER.replace("pekko.tcp", "pekko.ssl.tcp"), 1234567, false));
    pdu("associate-codec", "ASSOCIATE made by the codec itself, same as associate", call(codec, "constructAssociate", make("org.apache.pekko.remote.transport.HandshakeInfo", AddressFromURIString.parse(PEER.substring(6)), 1234567, scala.Option.empty())));
    pdu("disassociate", "DISASSOCIATE (unknown reason)", call(codec, "constructDisassociate", module(ah + "Unknown$")));
    pdu("disassociate-shutting-down", "DISASSOCIATE_SHUTTING_DOWN", call(codec, "constructDisassociate", module(ah + "Shutdown$")));
    pdu("disassociate-quarantined", "DISASSOCIATE_QUARANTINED", call(codec, "constructDisassociate", module(ah + "Quarantined$")));
    pdu("heartbeat", "HEARTBEAT of the transport failure detector", call(codec, "constructHeartbeat"));
    Class<?> seqNo = Class.forName("org.apache.pekko.remote.SeqNo");
    for (int nn : new int[] {0, 2}) {
      Set<Object> nacks = new LinkedHashSet<>();
      for (int i = 0; i < nn; i++) nacks.add(make("org.apache.pekko.remote.SeqNo", (long) (7 + i)));
      scala.collection.immutable.Set<Object> sn = scala.jdk.javaapi.CollectionConverters.asScala(nacks).toSet();
      Object ack = make("org.apache.pekko.remote.Ack", make("org.apache.pekko.remote.SeqNo", 9L), sn);
      pdu("ack-" + nn + "-nacks", "pure ACK, cumulative 9" + (nn == 0 ? "" : ", nacks 7 and 8") + " (inside PAYLOAD)", call(codec, "constructPayload", call(codec, "constructPureAck", ack)));
      if (nn == 0) {
        envelope(codec, "payload-system-message", "Watch with seq 3 and a piggybacked ACK 9", new Watch(we, wr2), we, null, scala.Option.apply(make("org.apache.pekko.remote.SeqNo", 3L)), scala.Option.apply(ack));
        envelope(codec, "payload-with-ack", "String with sender and a piggybacked ACK 9", "hello", we, wr2, scala.Option.empty(), scala.Option.apply(ack));
      }
    }
    envelope(codec, "payload-string", "String to a ref, with sender", "hello", we, wr2, scala.Option.empty(), scala.Option.empty());
    envelope(codec, "payload-string-nosender", "String to a ref, no sender", "hello", we, null, scala.Option.empty(), scala.Option.empty());
    envelope(codec, "payload-json", "Greeting to a ref, with sender", new Greeting("hi", 3), we, wr2, scala.Option.empty(), scala.Option.empty());
    envelope(codec, "payload-selection", "selection: recipient is the root of the remote system", selection(false, "hello", user, echo), ref(PEER + "/"), wr2, scala.Option.empty(), scala.Option.empty());
    envelope(codec, "payload-seq0", "first system message: seq 0 is written", new Terminate(), we, null, scala.Option.apply(make("org.apache.pekko.remote.SeqNo", 0L)), scala.Option.empty());
  }

  private void envelope(Object codec, String name, String what, Object m, ActorRef to, ActorRef from, Object seq, Object ack) throws Exception {
    Object sm = call(module("org.apache.pekko.remote.MessageSerializer$"), "serialize", es, m);
    Object b = call(codec, "constructMessage", AddressFromURIString.parse(LOCAL), to, sm, from, seq, ack);
    pdu(name, what, call(codec, "constructPayload", b));
  }

  static void main(Opts o) throws Exception {
    Opts q = new Opts(new String[] {"--name", "vec", "--port", "25520", "--bind-port", "0", "--loglevel", "ERROR"}, 0);
    ActorSystem s = ActorSystem.create("vec", q.config());
    Vectors v = new Vectors(s);
    v.all();
    write(o.get("out", "vectors/messages-" + ActorSystem.Version() + ".json"), v.out, "made by calling the serializers and the PDU codec; bytes are a PDU body (kind pdu) or the serialized message (kind message)");
    Out.emit("wrote", "vectors", v.out.size());
    s.terminate();
    s.getWhenTerminated().toCompletableFuture().get();
    System.exit(0);
  }

  static void write(String file, List<Map<String, Object>> l, String what) throws IOException {
    File f = new File(file).isAbsolute() ? new File(file) : new File(System.getProperty("ukko.kit", "."), file);
    try (Writer w = new OutputStreamWriter(new FileOutputStream(f), StandardCharsets.UTF_8)) {
      w.write("{\"pekko\":\"" + ActorSystem.Version() + "\",\"jdk\":\"" + System.getProperty("java.version") + "\",\"what\":" + Out.json(what) + ",\"vectors\":[\n");
      for (int i = 0; i < l.size(); i++) w.write(Out.json(l.get(i)) + (i + 1 < l.size() ? ",\n" : "\n"));
      w.write("]}\n");
    }
  }
}
