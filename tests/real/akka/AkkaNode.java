// SPDX-License-Identifier: Apache-2.0
import akka.actor.*;
import akka.pattern.Patterns;
import com.typesafe.config.ConfigFactory;
import java.io.*;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A node of Akka 2.6 classic remoting with /user/echo. Reads lines "ask PATH TEXT", "identify PATH", "watch PATH", "stop NAME"; prints one line each. */
public class AkkaNode {
  static void out(String text) { System.out.println(text); System.out.flush(); }

  static class Echo extends AbstractActor {
    public Receive createReceive() { return receiveBuilder().matchAny(m -> getSender().tell(m, getSelf())).build(); }
  }

  static class Watcher extends AbstractActor {
    public Receive createReceive() {
      return receiveBuilder()
          .match(ActorRef.class, r -> { getContext().watch(r); out("watching " + r.path()); })
          .match(Terminated.class, t -> out("terminated " + t.getActor().path() + " " + t.existenceConfirmed() + " " + t.addressTerminated()))
          .build();
    }
  }

  public static void main(String[] args) throws Exception {
    ActorSystem sys = ActorSystem.create("akkasys", ConfigFactory.parseString(
        "akka { actor.provider = remote, loglevel = WARNING, stdout-loglevel = OFF, actor.allow-java-serialization = off\n"
        + "remote { artery.enabled = off, use-unsafe-remote-features-outside-cluster = on, warn-about-direct-use = off\n"
        + "classic { enabled-transports = [akka.remote.classic.netty.tcp], netty.tcp { hostname = \"127.0.0.1\", port = 0 } } } }")
        .withFallback(ConfigFactory.load()));
    sys.actorOf(Props.create(Echo.class), "echo");
    ActorRef watcher = sys.actorOf(Props.create(Watcher.class), "watcher");
    out("started " + ((ExtendedActorSystem) sys).provider().getDefaultAddress());
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null;) {
      String[] w = line.split(" ", 3);
      try {
        if (w[0].equals("ask")) out("reply " + Patterns.ask(sys.actorSelection(w[1]), w[2], Duration.ofSeconds(10)).toCompletableFuture().get(15, TimeUnit.SECONDS));
        else if (w[0].equals("identify")) out("found " + sys.actorSelection(w[1]).resolveOne(Duration.ofSeconds(10)).toCompletableFuture().get(15, TimeUnit.SECONDS).path().toSerializationFormat());
        else if (w[0].equals("watch")) watcher.tell(sys.actorSelection(w[1]).resolveOne(Duration.ofSeconds(10)).toCompletableFuture().get(15, TimeUnit.SECONDS), ActorRef.noSender());
        else if (w[0].equals("stop")) sys.actorSelection("/user/" + w[1]).tell(PoisonPill.getInstance(), ActorRef.noSender());
        else out("error what?");
      } catch (Exception e) {
        out("error " + e);
      }
    }
    sys.terminate();
  }
}
