// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.*;
import org.apache.pekko.pattern.StatusReply;
import org.apache.pekko.util.ByteString;

import java.util.Optional;

/** The KIND:VALUE syntax of messages on the command line (see README.md). A bare word or sentence is a String. */
final class Msg {
  static Object parse(ActorSystem system, String s) {
    int c = s.indexOf(':');
    String kind = c < 0 ? s : s.substring(0, c), v = c < 0 ? "" : s.substring(c + 1);
    switch (kind) {
      case "str": return v;
      case "null": if (c < 0) return null; break;
      case "strn": return "x".repeat(Integer.parseInt(v));
      case "long": return Long.parseLong(v);
      case "int": return Integer.parseInt(v);
      case "bool": return Boolean.parseBoolean(v);
      case "double": return Double.parseDouble(v);
      case "bytes": return Out.unhex(v);
      case "bytesn": return pattern(Integer.parseInt(v));
      case "bstr": return ByteString.fromArray(Out.unhex(v));
      case "bstrn": return ByteString.fromArray(pattern(Integer.parseInt(v)));
      case "json": return new Greeting(text(v), number(v));
      case "cbor": return new CborGreeting(text(v), number(v));
      case "bigjson": return BigDoc.ofChars(Integer.parseInt(v));
      case "mixed": return Mixed.sample(resolve(system, v.isEmpty() ? "/user/collector" : v));
      case "mixedcbor": return MixedCbor.sample();
      case "proto": return com.google.protobuf.StringValue.of(v);
      case "java": return new JavaThing(v);
      case "ref": return resolve(system, v);
      case "some": return scala.Some.apply(parse(system, v));
      case "none": if (c < 0) return scala.Option.empty(); break;
      case "opt": return Optional.of(parse(system, v));
      case "empty": if (c < 0) return Optional.empty(); break;
      case "done": if (c < 0) return Done.getInstance(); break;
      case "notused": if (c < 0) return NotUsed.getInstance(); break;
      case "poison": if (c < 0) return PoisonPill.getInstance(); break;
      case "kill": if (c < 0) return Kill.getInstance(); break;
      case "address": return AddressFromURIString.parse(v);
      case "success": return new Status.Success(parse(system, v));
      case "failure": return new Status.Failure(new IllegalStateException(v));
      case "timeoutfailure": return new Status.Failure(new java.util.concurrent.TimeoutException(v));
      case "replyok": return StatusReply.success(parse(system, v));
      case "replyerr": return StatusReply.error(v);
      case "ack": if (c < 0) return StatusReply.ack(); break;
      case "identify": return new Identify(parse(system, v));
      default:
    }
    return s;
  }

  static byte[] pattern(int n) {
    byte[] b = new byte[n];
    for (int i = 0; i < n; i++) b[i] = (byte) i;
    return b;
  }

  /** a path such as /user/echo of this system, or pekko.tcp://sys@host:port/user/echo#uid */
  static ActorRef resolve(ActorSystem system, String path) {
    ExtendedActorSystem es = (ExtendedActorSystem) system;
    return es.provider().resolveActorRef(path.startsWith("/") ? es.provider().rootPath().address() + path : path);
  }

  private static String text(String v) { int i = v.lastIndexOf(','); return i < 0 ? v : v.substring(0, i); }

  private static long number(String v) { int i = v.lastIndexOf(','); return i < 0 ? 0 : Long.parseLong(v.substring(i + 1)); }
}
