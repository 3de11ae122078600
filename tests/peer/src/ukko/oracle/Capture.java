// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.*;

import java.net.InetSocketAddress;
import java.util.*;

/** `peer capture --out FILE`: two systems in this JVM, each behind a framing proxy; every frame of a scripted conversation is saved. */
final class Capture {
  private final List<Map<String, Object>> frames = Collections.synchronizedList(new ArrayList<>());
  private volatile String step = "start";
  private final long t0 = System.nanoTime();

  private Proxy.Tap tap(String server) {
    String client = server.equals("alpha") ? "beta" : "alpha";
    return (conn, dir, body) -> {
      String from = dir.equals("c2s") ? client : server, to = dir.equals("c2s") ? server : client;
      Map<String, Object> d = Wire.decode(body), m = Out.map("name", null, "kind", "pdu", "step", step, "t_ms", (System.nanoTime() - t0) / 1_000_000, "connection", client + "->" + server + "#" + conn, "from", from, "to", to, "bytes", body.length, "decoded", d, "hex", Out.hex(body));
      synchronized (frames) { m.put("name", String.format("frame-%03d", frames.size())); frames.add(m); }
    };
  }

  private void step(String s, long waitMs, Runnable r) throws Exception {
    step = s;
    if (r != null) r.run();
    Thread.sleep(waitMs);
  }

  private boolean nacked() {
    synchronized (frames) {
      for (Map<String, Object> f : frames) if (String.valueOf(f.get("decoded")).matches(".*nacks=\\[[0-9].*")) return true;
    }
    return false;
  }

  private static Runnable cmd(Peer p, String... lines) {
    return () -> { for (String l : lines) try { p.command(l); Thread.sleep(60); } catch (Exception e) { throw new RuntimeException(l, e); } };
  }

  private void go(Opts o) throws Exception {
    InetSocketAddress pa = new InetSocketAddress("127.0.0.1", 25601), pb = new InetSocketAddress("127.0.0.1", 25602), ra = new InetSocketAddress("127.0.0.1", 25611), rb = new InetSocketAddress("127.0.0.1", 25612);
    Proxy xa = new Proxy(pa, ra, false, tap("alpha")), xb = new Proxy(pb, rb, false, tap("beta"));
    Peer a = new Peer(new Opts(new String[] {"--name", "alpha", "--port", "25601", "--bind-port", "25611", "--gate", "1s"}, 0), "alpha");
    Peer b = new Peer(new Opts(new String[] {"--name", "beta", "--port", "25602", "--bind-port", "25612", "--gate", "1s"}, 0), "beta");
    String B = "pekko.tcp://beta@127.0.0.1:25602", A = "pekko.tcp://alpha@127.0.0.1:25601";
    Thread.sleep(500);
    step("associate by the first message: selection String to /user/echo", 1500, cmd(a, "select " + B + "/user/echo hello"));
    step("passive connection: beta answers and then talks to alpha over the same connection", 500, cmd(b, "select " + A + "/user/echo hello-back"));
    for (String m : new String[] {"str:direct", "str:", "strn:300", "long:5", "long:-5", "int:7", "bool:true", "bytes:00ff", "bytesn:300", "bstr:0102", "json:hi,3", "cbor:hi,4", "mixed", "mixedcbor", "bigjson:60000", "proto:pb", "some:x", "none", "opt:y", "empty", "done", "notused", "ref:/user/sink", "address:pekko.tcp://x@h:1", "success:ok", "failure:bad", "timeoutfailure:slow", "replyok:fine", "replyerr:nope", "ack"})
      step("tell " + m + " to the bare reference /user/echo, and its echo", m.startsWith("bigjson") || m.startsWith("mixed") ? 700 : 150, cmd(a, "tell " + B + "/user/echo " + m));
    step("tell without a sender", 150, cmd(a, "tell-nosender " + B + "/user/sink x"));
    step("identify existing, identify missing", 300, cmd(a, "identify " + B + "/user/echo", "identify " + B + "/user/nobody int:9"));
    step("resolveOne", 300, cmd(a, "resolve " + B + "/user/parent/c1"));
    step("selection with a wildcard, with ?, with ..", 300, cmd(a, "select " + B + "/user/parent/c* w", "select " + B + "/user/parent/c? q", "select " + B + "/user/parent/c1/../c2 up", "select " + B + "/user/parent/*/g deep"));
    step("selection to a missing actor", 200, cmd(a, "select " + B + "/user/nobody lost"));
    step("watch (resolveOne, then Watch with seq 0; RemoteWatcher heartbeats each second; pure ACK after 0.3 s)", 3500, cmd(a, "watch " + B + "/user/parent/c1"));
    step("unwatch", 1500, cmd(a, "unwatch " + B + "/user/parent/c1"));
    step("watch again, then the watched actor dies", 1500, cmd(a, "watch " + B + "/user/parent/c1"));
    step("PoisonPill by selection; DeathWatchNotification comes back", 1200, cmd(a, "poison " + B + "/user/parent/c1"));
    step("watch of an actor that does not exist", 2000, cmd(a, "watchref " + B + "/user/never-was"));
    step("Kill by selection to /user/failing", 800, cmd(a, "kill " + B + "/user/failing"));
    step("remote deployment: DaemonMsgCreate, Watch, Supervise", 1500, cmd(a, "deploy Worker w1 " + B + " str:arg1 long:2 json:pojo,3"));
    step("message to the deployed child", 300, cmd(a, "select /user/deployer/w1 hi"));
    step("the deployed child fails: Failed goes up, Recreate comes down", 800, cmd(a, "select /user/deployer/w1 throw now"));
    step("strategy resume: Failed, then Resume", 800, cmd(a, "strategy resume", "select /user/deployer/w1 throw again"));
    step("suspend, resume, restart by hand", 800, cmd(a, "suspend /user/deployer/w1"));
    step("stop of the deployed child: Terminate down, DeathWatchNotification up", 800, cmd(a, "stop " + "/user/deployer/w1"));
    step("remote pool of 2", 1200, cmd(a, "pool rr pl 2 " + B + " Worker str:p"));
    step("messages through the pool", 300, cmd(a, "select /user/deployer/pl m1", "select /user/deployer/pl m2", "broadcast /user/deployer/pl all"));
    step("stop of the pool", 800, cmd(a, "stop /user/deployer/pl"));
    step("group of remote paths", 500, cmd(a, "group rr gr " + B + "/user/echo," + B + "/user/forwarder", "select /user/deployer/gr g1", "select /user/deployer/gr g2"));
    step("stop of a remote reference: Terminate", 600, cmd(a, "stop " + B + "/user/receptionist"));
    for (int i = 0; i < 6 && !nacked(); i++) {
      xb.dropSysMsgs.set(1);
      step("the proxy swallows one system message (Watch): the next one is nacked, then the lost one is resent (try " + (i + 1) + ")", 2500, () -> {
        for (String x : new String[] {"c2", "c3", "other"}) try { a.command("watchref " + B + "/user/parent/" + x); } catch (Exception e) { throw new RuntimeException(e); }
      });
      xb.dropSysMsgs.set(0);
      step("unwatch them", 1200, cmd(a, "unwatchref " + B + "/user/parent/c2", "unwatchref " + B + "/user/parent/c3", "unwatchref " + B + "/user/parent/other"));
    }
    step("idle: transport HEARTBEAT each 4 s", 9000, null);
    step("beta quarantines alpha", 1500, cmd(b, "quarantine " + A + " " + org.apache.pekko.remote.AddressUidExtension.get(a.system).longAddressUid()));
    step("alpha connects again after its gate: beta answers its ASSOCIATE with DISASSOCIATE_QUARANTINED", 2500, cmd(a, "select " + B + "/user/echo after-quarantine"));
    step("terminate beta", 0, null);
    b.system.terminate();
    b.system.getWhenTerminated().toCompletableFuture().get();
    Peer c = new Peer(new Opts(new String[] {"--name", "beta", "--port", "25602", "--bind-port", "25612", "--gate", "1s"}, 0), "beta");
    step("beta restarted with a new uid; it talks to alpha", 2500, cmd(c, "select " + A + "/user/echo i-am-new"));
    step("alpha watches an actor of the new beta, then beta shuts down: DISASSOCIATE_SHUTTING_DOWN", 1500, cmd(a, "watch " + B + "/user/echo"));
    c.system.terminate();
    c.system.getWhenTerminated().toCompletableFuture().get();
    Thread.sleep(1000);
    a.system.terminate();
    a.system.getWhenTerminated().toCompletableFuture().get();
    xa.close();
    xb.close();
    Vectors.write(o.get("out", "vectors/wire-" + ActorSystem.Version() + ".json"), frames, "every frame between two systems, in order; bytes are the PDU body, on the wire it is preceded by its length in 4 bytes, big endian");
    Out.emit("wrote", "frames", frames.size());
  }

  static void main(Opts o) throws Exception {
    new Capture().go(o);
    System.exit(0);
  }
}
