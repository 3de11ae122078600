// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.remote.ContainerFormats;
import org.apache.pekko.remote.SystemMessageFormats;
import org.apache.pekko.remote.WireFormats;

import java.util.*;

/** Decodes one classic-remoting frame body (what follows the 4-byte big-endian length) for humans and tests. */
final class Wire {
  static Map<String, Object> decode(byte[] body) {
    if (body.length == 0) return Out.map("pdu", "ZERO_LENGTH_FRAME"); // written by Pekko just before it closes a connection
    try {
      WireFormats.PekkoProtocolMessage m = WireFormats.PekkoProtocolMessage.parseFrom(body);
      if (m.hasPayload()) {
        WireFormats.AckAndEnvelopeContainer c = WireFormats.AckAndEnvelopeContainer.parseFrom(m.getPayload().toByteArray());
        Map<String, Object> r = Out.map("pdu", "PAYLOAD");
        if (c.hasAck()) r.put("ack", Out.map("cumulative", c.getAck().getCumulativeAck(), "nacks", c.getAck().getNacksList()));
        if (c.hasEnvelope()) {
          WireFormats.RemoteEnvelope e = c.getEnvelope();
          r.put("to", e.getRecipient().getPath());
          if (e.hasSender()) r.put("from", e.getSender().getPath());
          if (e.hasSeq()) r.put("seq", e.getSeq());
          WireFormats.SerializedMessage s = e.getMessage();
          r.put("serializer", s.getSerializerId());
          r.put("manifest", s.hasMessageManifest() ? s.getMessageManifest().toStringUtf8() : null);
          byte[] b = s.getMessage().toByteArray();
          r.put("bytes", b.length);
          r.put("is", name(s.getSerializerId(), s.hasMessageManifest() ? s.getMessageManifest().toStringUtf8() : "", b));
        }
        return r;
      }
      if (m.hasInstruction()) {
        WireFormats.PekkoControlMessage c = m.getInstruction();
        Map<String, Object> r = Out.map("pdu", c.getCommandType().toString());
        if (c.hasHandshakeInfo()) {
          WireFormats.PekkoHandshakeInfo h = c.getHandshakeInfo();
          WireFormats.AddressData a = h.getOrigin();
          r.put("origin", a.getProtocol() + "://" + a.getSystem() + "@" + a.getHostname() + ":" + a.getPort());
          r.put("uid", h.getUid());
          if (h.hasCookie()) r.put("cookie", h.getCookie());
        }
        return r;
      }
      return Out.map("pdu", "EMPTY");
    } catch (Exception e) {
      return Out.map("pdu", "UNDECODABLE", "error", e.toString());
    }
  }

  private static final Map<String, String> MISC = new HashMap<>();
  static {
    String[] s = {"A", "Identify", "B", "ActorIdentity", "C", "Option", "D", "Status.Success", "E", "Status.Failure", "F", "Throwable", "G", "ActorRef", "H", "Optional", "P", "PoisonPill", "K", "Kill",
        "RWHB", "RemoteWatcher.Heartbeat", "RWHR", "RemoteWatcher.HeartbeatRsp", "DONE", "Done", "NU", "NotUsed", "AD", "Address", "UD", "UniqueAddress", "AIEX", "ActorInitializationException",
        "TNSEX", "ThrowableNotSerializableException", "LS", "LocalScope", "RS", "RemoteScope", "CF", "Config", "FC", "FromConfig", "DR", "DefaultResizer", "RORRP", "RoundRobinPool", "RORRC", "RemoteRouterConfig",
        "S", "StatusReply.Success", "SM", "StatusReply.Error(message)", "SE", "StatusReply.Error(exception)", "SA", "StatusReply.Ack"};
    for (int i = 0; i < s.length; i += 2) MISC.put(s[i], s[i + 1]);
  }

  static String name(int id, String manifest, byte[] b) {
    try {
      switch (id) {
        case 1: return "java:" + manifest;
        case 2: return "protobuf:" + manifest;
        case 3: return "DaemonMsgCreate(" + WireFormats.DaemonMsgCreateData.parseFrom(b).getProps().getClazz() + ")";
        case 4: return "byte[]";
        case 6: { ContainerFormats.SelectionEnvelope e = ContainerFormats.SelectionEnvelope.parseFrom(b);
          StringBuilder p = new StringBuilder();
          for (ContainerFormats.Selection x : e.getPatternList()) p.append('/').append(x.getType() == ContainerFormats.PatternType.PARENT ? ".." : x.getMatcher());
          return "ActorSelectionMessage(" + p + ", " + name(e.getSerializerId(), e.hasMessageManifest() ? e.getMessageManifest().toStringUtf8() : "", e.getEnclosedMessage().toByteArray()) + ")"; }
        case 16: return MISC.getOrDefault(manifest, "misc:" + manifest);
        case 18: return "Long";
        case 19: return "Integer";
        case 20: return "String";
        case 21: return "ByteString";
        case 22: return "SystemMessage." + SystemMessageFormats.SystemMessage.parseFrom(b).getType();
        case 31: return "json:" + manifest;
        case 33: return "cbor:" + manifest;
        case 35: return "Boolean";
        default: return "serializer " + id + ":" + manifest;
      }
    } catch (Exception e) {
      return "undecodable " + e;
    }
  }

  /** `peer decode HEX`: a frame with or without its length prefix. */
  static void main(Opts o) {
    byte[] b = Out.unhex(String.join("", o.rest));
    if (b.length >= 4 && java.nio.ByteBuffer.wrap(b).getInt() == b.length - 4) b = Arrays.copyOfRange(b, 4, b.length);
    Map<String, Object> m = Out.map("ev", "frame");
    m.putAll(decode(b));
    Out.line(m);
  }
}
