// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicInteger;

/** A TCP proxy that knows the 4-byte length framing: logs, holds back, drops, injects, cuts. */
final class Proxy {
  interface Tap { void frame(int conn, String dir, byte[] body); }

  final ServerSocket listen;
  final InetSocketAddress target;
  final Tap tap;
  final boolean report;
  final AtomicInteger ids = new AtomicInteger();
  final Map<Integer, Conn> conns = new ConcurrentHashMap<>();
  volatile boolean hold, refuse;
  volatile String blackhole = "";
  final AtomicInteger dropSysMsgs = new AtomicInteger();

  final class Conn {
    final int id;
    final Socket client, server;
    Conn(int id, Socket c, Socket s) { this.id = id; client = c; server = s; }
    void close() {
      try { client.close(); } catch (IOException e) { /* closing */ }
      try { server.close(); } catch (IOException e) { /* closing */ }
    }
    synchronized void send(String dir, byte[] body) throws IOException {
      DataOutputStream d = new DataOutputStream(new BufferedOutputStream((dir.equals("c2s") ? server : client).getOutputStream(), body.length + 4));
      d.writeInt(body.length);
      d.write(body);
      d.flush();
    }
  }

  Proxy(InetSocketAddress at, InetSocketAddress target, boolean report, Tap tap) throws IOException {
    this.listen = new ServerSocket();
    listen.setReuseAddress(true);
    listen.bind(at);
    this.target = target;
    this.tap = tap;
    this.report = report;
    Thread t = new Thread(this::accept, "proxy-accept");
    t.setDaemon(true);
    t.start();
  }

  int port() { return listen.getLocalPort(); }

  private void accept() {
    while (!listen.isClosed()) {
      try {
        Socket c = listen.accept();
        if (refuse) { c.close(); continue; }
        Socket s = new Socket();
        try { s.connect(target, 5000); } catch (IOException e) { c.close(); if (report) Out.emit("proxy-target-refused", "target", target.toString()); continue; }
        c.setTcpNoDelay(true);
        s.setTcpNoDelay(true);
        Conn k = new Conn(ids.incrementAndGet(), c, s);
        conns.put(k.id, k);
        if (report) Out.emit("proxy-open", "conn", k.id, "client", c.getRemoteSocketAddress().toString());
        pump(k, "c2s", c, s);
        pump(k, "s2c", s, c);
      } catch (IOException e) { if (!listen.isClosed()) Out.emit("error", "what", "proxy", "cause", e.toString()); }
    }
  }

  private void pump(Conn k, String dir, Socket from, Socket to) {
    Thread t = new Thread(() -> {
      String why = "eof";
      try {
        DataInputStream in = new DataInputStream(new BufferedInputStream(from.getInputStream(), 1 << 16));
        while (true) {
          int n = in.readInt();
          if (n < 0 || n > (64 << 20)) throw new IOException("frame length " + n);
          byte[] b = new byte[n];
          in.readFully(b);
          while (hold) Thread.sleep(10);
          Map<String, Object> d = Wire.decode(b);
          boolean drop = blackhole.equals("both") || blackhole.equals(dir);
          if (!drop && d.containsKey("seq") && dropSysMsgs.get() > 0) { dropSysMsgs.decrementAndGet(); drop = true; }
          if (report) {
            Map<String, Object> m = Out.map("ev", "frame", "conn", k.id, "dir", dir, "len", n, "dropped", drop);
            m.putAll(d);
            if (n <= 4096) m.put("hex", Out.hex(b));
            Out.line(m);
          }
          if (tap != null) tap.frame(k.id, dir, b);
          if (!drop) k.send(dir, b);
        }
      } catch (EOFException e) { why = "eof"; } catch (Exception e) { why = e.toString(); }
      k.close();
      if (conns.remove(k.id) != null && report) Out.emit("proxy-close", "conn", k.id, "first", dir, "why", why);
    }, "proxy-" + k.id + dir);
    t.setDaemon(true);
    t.start();
  }

  void cut() { for (Conn c : new ArrayList<>(conns.values())) c.close(); }

  void close() throws IOException { listen.close(); cut(); }

  static InetSocketAddress addr(String s) { int i = s.lastIndexOf(':'); return new InetSocketAddress(s.substring(0, i), Integer.parseInt(s.substring(i + 1))); }

  /** `peer proxy --listen H:P --target H:P` */
  static void main(Opts o) throws Exception {
    Proxy p = new Proxy(addr(o.get("listen", "127.0.0.1:0")), addr(o.get("target", null)), true, null);
    Out.emit("started", "listen", "127.0.0.1:" + p.port(), "target", p.target.toString());
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      String[] w = line.trim().split(" +");
      try {
        switch (w[0]) {
          case "": break;
          case "cut": p.cut(); break;                                   // close all connections
          case "refuse": p.refuse = w[1].equals("on"); break;           // close new connections at once
          case "hold": p.hold = w[1].equals("on"); break;               // stop passing frames (keeps them)
          case "blackhole": p.blackhole = w[1]; break;                  // c2s | s2c | both | off: swallow frames
          case "drop-seq": p.dropSysMsgs.set(Integer.parseInt(w[1])); break; // swallow the next N frames that carry a seq
          case "inject": p.conns.get(Integer.parseInt(w[1])).send(w[2], Out.unhex(w[3])); break; // inject CONN c2s|s2c BODYHEX
          case "sleep": Thread.sleep(Long.parseLong(w[1])); break;
          case "quit": p.close(); System.exit(0); break;
          default: Out.emit("error", "cmd", line);
        }
      } catch (Exception e) { Out.emit("error", "cmd", line, "cause", e.toString()); }
    }
    System.exit(0);
  }
}
