// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.remote.WireFormats;

import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

/** `peer raw --target H:P` (or --listen H:P): speaks frames by hand, to see what a real peer does with odd ones. */
final class Raw {
  /** The origin's protocol in the handshake is that of the transport below ("tcp", "ssl.tcp"); the receiver puts "pekko." before it. */
  static byte[] associate(String uri, long uid, boolean verbatim) {
    org.apache.pekko.actor.Address a = org.apache.pekko.actor.AddressFromURIString.parse(!verbatim && uri.startsWith("pekko.") ? uri.substring(6) : uri);
    return WireFormats.PekkoProtocolMessage.newBuilder().setInstruction(WireFormats.PekkoControlMessage.newBuilder().setCommandType(WireFormats.CommandType.ASSOCIATE)
        .setHandshakeInfo(WireFormats.PekkoHandshakeInfo.newBuilder().setOrigin(WireFormats.AddressData.newBuilder().setSystem(a.system()).setHostname(a.host().get()).setPort((Integer) a.port().get()).setProtocol(a.protocol())).setUid(uid))).build().toByteArray();
  }

  static byte[] control(WireFormats.CommandType t) {
    return WireFormats.PekkoProtocolMessage.newBuilder().setInstruction(WireFormats.PekkoControlMessage.newBuilder().setCommandType(t)).build().toByteArray();
  }

  static byte[] payload(String to, String from, int ser, String manifest, byte[] msg, Long seq, Long ack) {
    WireFormats.AckAndEnvelopeContainer.Builder c = WireFormats.AckAndEnvelopeContainer.newBuilder();
    if (to != null) {
      WireFormats.SerializedMessage.Builder s = WireFormats.SerializedMessage.newBuilder().setSerializerId(ser).setMessage(org.apache.pekko.protobufv3.internal.ByteString.copyFrom(msg));
      if (manifest != null) s.setMessageManifest(org.apache.pekko.protobufv3.internal.ByteString.copyFromUtf8(manifest));
      WireFormats.RemoteEnvelope.Builder e = WireFormats.RemoteEnvelope.newBuilder().setRecipient(WireFormats.ActorRefData.newBuilder().setPath(to)).setMessage(s);
      if (from != null) e.setSender(WireFormats.ActorRefData.newBuilder().setPath(from));
      if (seq != null) e.setSeq(seq);
      c.setEnvelope(e);
    }
    if (ack != null) c.setAck(WireFormats.AcknowledgementInfo.newBuilder().setCumulativeAck(ack));
    return WireFormats.PekkoProtocolMessage.newBuilder().setPayload(c.build().toByteString()).build().toByteArray();
  }

  static void main(Opts o) throws Exception {
    Socket s;
    if (o.has("listen")) {
      ServerSocket ss = new ServerSocket();
      ss.setReuseAddress(true);
      ss.bind(Proxy.addr(o.get("listen", null)));
      Out.emit("started", "listen", "127.0.0.1:" + ss.getLocalPort());
      s = ss.accept();
      ss.close();
      Out.emit("accepted", "client", s.getRemoteSocketAddress().toString());
    } else {
      InetSocketAddress t = Proxy.addr(o.get("target", null));
      s = new Socket(t.getAddress(), t.getPort());
      Out.emit("connected", "target", t.toString());
    }
    s.setTcpNoDelay(true);
    final Socket sock = s;
    Thread rd = new Thread(() -> {
      try {
        DataInputStream in = new DataInputStream(new BufferedInputStream(sock.getInputStream()));
        while (true) {
          int n = in.readInt();
          byte[] b = new byte[n];
          in.readFully(b);
          Map<String, Object> m = Out.map("ev", "frame", "len", n);
          m.putAll(Wire.decode(b));
          if (n <= 4096) m.put("hex", Out.hex(b));
          Out.line(m);
        }
      } catch (EOFException e) { Out.emit("closed-by-peer", "how", "fin"); } catch (IOException e) { Out.emit("closed-by-peer", "how", e.getMessage()); }
    });
    rd.setDaemon(true);
    rd.start();
    OutputStream os = s.getOutputStream();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      String[] w = line.trim().split(" +");
      try {
        byte[] f = null;
        switch (w[0]) {
          case "": break;
          case "associate": f = associate(w[1], Long.parseLong(w[2]), false); break;     // associate pekko.tcp://sys@host:port UID
          case "associate-verbatim": f = associate(w[1], Long.parseLong(w[2]), true); break; // the protocol as given, e.g. to send a wrong one
          case "heartbeat": f = control(WireFormats.CommandType.HEARTBEAT); break;
          case "disassociate": f = control(w.length < 2 ? WireFormats.CommandType.DISASSOCIATE : WireFormats.CommandType.valueOf("DISASSOCIATE_" + w[1])); break; // [SHUTTING_DOWN|QUARANTINED]
          case "string": f = payload(w[1], w[2].equals("-") ? null : w[2], 20, null, String.join(" ", Arrays.copyOfRange(w, 3, w.length)).getBytes(StandardCharsets.UTF_8), null, null); break; // string TO FROM|- TEXT
          case "msg": f = payload(w[1], w[2].equals("-") ? null : w[2], Integer.parseInt(w[3]), w[4].equals("-") ? null : w[4], Out.unhex(w.length > 5 ? w[5] : ""), w.length > 6 ? Long.valueOf(w[6]) : null, null); break; // msg TO FROM|- SERID MANIFEST|- HEX [SEQ]
          case "ack": f = payload(null, null, 0, null, null, null, Long.valueOf(w[1])); break;
          case "frame": f = Out.unhex(w.length > 1 ? w[1] : ""); break;           // adds the length prefix
          case "bytes": os.write(Out.unhex(w[1])); os.flush(); break;             // as is
          case "zeros": os.write(new byte[Integer.parseInt(w[1])]); os.flush(); break;
          case "sleep": Thread.sleep(Long.parseLong(w[1])); break;
          case "close": s.close(); break;
          case "quit": System.exit(0); break;
          default: Out.emit("error", "cmd", line);
        }
        if (f != null) {
          ByteArrayOutputStream bo = new ByteArrayOutputStream();
          new DataOutputStream(bo).writeInt(f.length);
          bo.write(f);
          os.write(bo.toByteArray());
          os.flush();
          Out.emit("sent", "len", f.length, "hex", f.length <= 4096 ? Out.hex(f) : null);
        }
      } catch (Exception e) { Out.emit("error", "cmd", line, "cause", e.toString()); }
    }
    Thread.sleep(500);
    System.exit(0);
  }
}
