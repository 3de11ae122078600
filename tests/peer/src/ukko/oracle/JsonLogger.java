// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.event.Logging;

/** Pekko's own log as JSON lines: {"ev":"log","level":..,"source":..,"class":..,"msg":..,"cause":..} */
public class JsonLogger extends AbstractActor {
  @Override
  public Receive createReceive() {
    return receiveBuilder()
        .match(Logging.InitializeLogger.class, m -> getSender().tell(Logging.loggerInitialized(), getSelf()))
        .match(Logging.Error.class, e -> {
          Throwable t = e.cause();
          log("ERROR", e, t == null || t.getClass().getName().contains("NoCause") ? null : t);
        })
        .match(Logging.LogEvent.class, e -> log(e.level() == Logging.WarningLevel() ? "WARN" : e.level() == Logging.InfoLevel() ? "INFO" : "DEBUG", e, null))
        .build();
  }

  private static void log(String level, Logging.LogEvent e, Throwable t) {
    String chain = null;
    if (t != null) {
      StringBuilder b = new StringBuilder();
      for (Throwable x = t; x != null; x = x.getCause() == x ? null : x.getCause()) b.append(b.length() > 0 ? " <- " : "").append(x.getClass().getName()).append(": ").append(x.getMessage());
      chain = b.toString();
    }
    String cls = e.logClass() == null ? null : e.logClass().getName();
    if (chain == null) Out.emit("log", "level", level, "source", e.logSource(), "class", cls, "msg", String.valueOf(e.message()));
    else Out.emit("log", "level", level, "source", e.logSource(), "class", cls, "msg", String.valueOf(e.message()), "cause", chain);
  }
}
