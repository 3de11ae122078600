// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.*;
import org.apache.pekko.remote.RemoteActorRefProvider;
import org.apache.pekko.remote.transport.FailureInjectorTransportAdapter;
import org.apache.pekko.remote.transport.ThrottlerTransportAdapter;

/** Faults through Pekko's own test adapters: pekko.remote.classic.netty.tcp.applied-adapters = [trttl, gremlin]. */
final class Faults {
  private static ThrottlerTransportAdapter.Direction way(String s) {
    return s.equals("send") ? ThrottlerTransportAdapter.sendDirection() : s.equals("receive") ? ThrottlerTransportAdapter.receiveDirection() : ThrottlerTransportAdapter.bothDirection();
  }

  /** throttle WAY BYTES_PER_SECOND | blackhole WAY | pass WAY | loss SENT RECEIVED | cut */
  static void inject(ActorSystem system, String address, String what) throws Exception {
    Address to = AddressFromURIString.parse(address);
    String[] w = what.trim().split(" +");
    Object command;
    switch (w[0]) {
      case "throttle": command = new ThrottlerTransportAdapter.SetThrottle(to, way(w[1]), new ThrottlerTransportAdapter.TokenBucket(1000, Double.parseDouble(w[2]), 0, 0)); break;
      case "blackhole": command = new ThrottlerTransportAdapter.SetThrottle(to, way(w[1]), ThrottlerTransportAdapter.blackholeThrottleMode()); break;
      case "pass": command = new ThrottlerTransportAdapter.SetThrottle(to, way(w[1]), ThrottlerTransportAdapter.unthrottledThrottleMode()); break;
      case "loss": {
        double sent = Double.parseDouble(w[1]), received = Double.parseDouble(w[2]);
        command = new FailureInjectorTransportAdapter.One(to, sent == 0 && received == 0 ? FailureInjectorTransportAdapter.PassThru$.MODULE$ : new FailureInjectorTransportAdapter.Drop(sent, received));
        break;
      }
      case "cut": command = new ThrottlerTransportAdapter.ForceDisassociate(to); break;
      default: throw new IllegalArgumentException("no such fault: " + w[0]);
    }
    scala.concurrent.Future<Object> done = ((RemoteActorRefProvider) ((ExtendedActorSystem) system).provider()).transport().managementCommand(command);
    Object ok = scala.concurrent.Await.result(done, scala.concurrent.duration.Duration.create(10, "seconds"));
    if (!Boolean.TRUE.equals(ok)) throw new IllegalStateException("no adapter has taken it: applied-adapters");
    Out.emit("ok", "cmd", "fault");
  }
}
