// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.ActorRef;

import java.time.Duration;
import java.time.Instant;
import java.util.*;

/** One field of each shape that users put in Jackson messages. */
public final class Mixed implements JsonMessage {
  public final boolean flag;
  public final int small;
  public final long large;
  public final double real;
  public final String text;
  public final String nothing;
  public final byte[] blob;
  public final List<Integer> list;
  public final Map<String, String> map;
  public final Optional<String> maybe;
  public final Instant when;
  public final Duration howLong;
  public final Greeting nested;
  public final ActorRef replyTo;

  public Mixed(boolean flag, int small, long large, double real, String text, String nothing, byte[] blob, List<Integer> list,
      Map<String, String> map, Optional<String> maybe, Instant when, Duration howLong, Greeting nested, ActorRef replyTo) {
    this.flag = flag;
    this.small = small;
    this.large = large;
    this.real = real;
    this.text = text;
    this.nothing = nothing;
    this.blob = blob;
    this.list = list;
    this.map = map;
    this.maybe = maybe;
    this.when = when;
    this.howLong = howLong;
    this.nested = nested;
    this.replyTo = replyTo;
  }

  static Mixed sample(ActorRef replyTo) {
    return new Mixed(true, -7, 1L << 40, 2.5, "gr\u00fc\u00df \u2603 \ud83d\ude80", null, new byte[] {0, 1, (byte) 0xff}, Arrays.asList(1, 2, 3),
        new TreeMap<>(Map.of("a", "x", "b", "y")), Optional.of("yes"), Instant.ofEpochSecond(1700000000L, 123456789), Duration.ofMillis(90_500),
        new Greeting("inner", 1), replyTo);
  }
}
