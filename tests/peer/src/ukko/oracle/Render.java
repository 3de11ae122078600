// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.*;
import org.apache.pekko.util.ByteString;

import java.util.*;

/** Turns any message into something a driver can compare: class name + value. */
final class Render {
  private static final int MAX = 2048;

  static Object value(Object o) {
    if (o == null || o instanceof Boolean || o instanceof Number) return o;
    if (o instanceof byte[]) return bytes((byte[]) o);
    if (o instanceof ByteString) return bytes(((ByteString) o).toArray());
    if (o instanceof Greeting) return Out.map("text", ((Greeting) o).text, "number", ((Greeting) o).number);
    if (o instanceof CborGreeting) return Out.map("text", ((CborGreeting) o).text, "number", ((CborGreeting) o).number);
    if (o instanceof BigDoc) {
      BigDoc d = (BigDoc) o;
      int chars = 0;
      for (String s : d.lines) chars += s.length();
      return Out.map("title", d.title, "lines", d.lines.size(), "chars", chars, "first", d.lines.isEmpty() ? null : d.lines.get(0));
    }
    if (o instanceof Mixed) {
      Mixed m = (Mixed) o;
      return Out.map("flag", m.flag, "small", m.small, "large", m.large, "real", m.real, "text", m.text, "nothing", m.nothing, "blob", m.blob == null ? null : Out.hex(m.blob),
          "list", m.list, "map", m.map, "maybe", m.maybe == null ? null : m.maybe.orElse(null), "when", m.when, "howLong", m.howLong, "nested", value(m.nested),
          "replyTo", m.replyTo == null ? null : path(m.replyTo));
    }
    if (o instanceof MixedCbor) {
      MixedCbor m = (MixedCbor) o;
      return Out.map("flag", m.flag, "small", m.small, "large", m.large, "real", m.real, "text", m.text, "nothing", m.nothing, "blob", m.blob == null ? null : Out.hex(m.blob),
          "list", m.list, "map", m.map);
    }
    if (o instanceof ActorRef) return path((ActorRef) o);
    if (o instanceof ActorIdentity) {
      ActorIdentity i = (ActorIdentity) o;
      return Out.map("id", value(i.correlationId()), "ref", i.getActorRef().map(Render::path).orElse(null));
    }
    if (o instanceof org.apache.pekko.pattern.StatusReply) {
      org.apache.pekko.pattern.StatusReply<?> r = (org.apache.pekko.pattern.StatusReply<?>) o;
      return r.isSuccess() ? Out.map("ok", true, "value", value(r.getValue())) : Out.map("ok", false, "error", r.getError().getMessage());
    }
    if (o instanceof com.google.protobuf.StringValue) return ((com.google.protobuf.StringValue) o).getValue();
    if (o instanceof Status.Success) return value(((Status.Success) o).status());
    if (o instanceof Status.Failure) return throwable(((Status.Failure) o).cause());
    if (o instanceof Throwable) return throwable((Throwable) o);
    if (o instanceof Terminated) {
      Terminated t = (Terminated) o;
      return Out.map("actor", path(t.getActor()), "existenceConfirmed", t.getExistenceConfirmed(), "addressTerminated", t.getAddressTerminated());
    }
    if (o instanceof Optional) return ((Optional<?>) o).map(x -> Out.map("class", x.getClass().getName(), "value", value(x))).orElse(null);
    if (o instanceof scala.Some) { Object x = ((scala.Some<?>) o).get(); return Out.map("class", x.getClass().getName(), "value", value(x)); }
    String s = String.valueOf(o);
    return s.length() <= MAX ? s : s.substring(0, 64) + "...(" + s.length() + " chars, hash " + Integer.toHexString(s.hashCode()) + ")";
  }

  private static Object bytes(byte[] a) {
    if (a.length <= MAX) return Out.hex(a);
    java.util.zip.CRC32 c = new java.util.zip.CRC32();
    c.update(a);
    return Out.map("length", a.length, "crc32", Long.toHexString(c.getValue()), "head", Out.hex(a, 0, 16));
  }

  /** an address or null as text */
  static Object text(Object o) { return o == null ? null : String.valueOf(o); }

  static Object throwable(Throwable t) { return Out.map("class", t.getClass().getName(), "message", t.getMessage()); }

  static String path(ActorRef r) {
    if (r == null) return null;
    Address def = Peer.defaultAddress;
    return def == null || r.path().address().host().isDefined() ? r.path().toSerializationFormat() : r.path().toSerializationFormatWithAddress(def);
  }
}
