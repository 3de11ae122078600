// SPDX-License-Identifier: Apache-2.0
package ukko.bench;

import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.*;
import org.apache.pekko.serialization.*;
import org.apache.pekko.serialization.jackson.*;

import java.util.*;

/** Nanoseconds for writing and for reading the message of ten fields, warm: the libraries by themselves, and Pekko's serializers. One line of JSON each. */
public final class Serial {
  public static final class Ten {
    public final boolean active;
    public final int count, level;
    public final long id, time;
    public final double price, share;
    public final String name, city, note;

    public Ten(boolean active, int count, int level, long id, long time, double price, double share, String name, String city, String note) {
      this.active = active;
      this.count = count;
      this.level = level;
      this.id = id;
      this.time = time;
      this.price = price;
      this.share = share;
      this.name = name;
      this.city = city;
      this.note = note;
    }
  }

  interface Work { Object run() throws Exception; }

  static Object sink;

  private static final java.lang.management.ThreadMXBean CLOCK = java.lang.management.ManagementFactory.getThreadMXBean();

  /** of this thread's processor time, so without what the garbage collector's threads take: the machine may be busy */
  private static long once(Work w, int n) throws Exception {
    long t0 = CLOCK.getCurrentThreadCpuTime();
    for (int i = 0; i < n; i++) sink = w.run();
    return CLOCK.getCurrentThreadCpuTime() - t0;
  }

  /** warm until warmNanos have gone, then the rounds */
  private static void measure(String name, Work w, double warm, int rounds) throws Exception {
    int n = 20000;
    for (long t0 = System.nanoTime(); System.nanoTime() - t0 < warm * 1e9; ) once(w, n);
    double[] ns = new double[rounds];
    for (int i = 0; i < rounds; i++) ns[i] = once(w, n * 5) / (n * 5.0);
    Arrays.sort(ns);
    System.out.printf(Locale.ROOT, "{\"workload\":\"%s\",\"min\":%.1f,\"median\":%.1f,\"max\":%.1f}%n", name, ns[0], ns[rounds / 2], ns[rounds - 1]);
  }

  public static void main(String[] a) throws Exception {
    double warm = Double.parseDouble(a[0]);
    int rounds = Integer.parseInt(a[1]);
    ActorSystem sys = ActorSystem.create("bench", ConfigFactory.parseString(
        "pekko { loglevel = OFF, stdout-loglevel = OFF, actor { provider = remote, serialization-bindings { \"ukko.bench.Serial$Ten\" = " + a[2] + " } },"
            + " remote { artery.enabled = off, classic.netty.tcp { hostname = 127.0.0.1, port = 0 } } }").withFallback(ConfigFactory.load()));
    boolean json = a[2].equals("jackson-json");
    Ten ten = new Ten(true, 42, -7, 1234567890123L, 1700000000000L, 19.99, 0.125, "Aino Virtanen", "Jyv\u00e4skyl\u00e4", "a note of ordinary length");
    ObjectMapper m = JacksonObjectMapperProvider.get(sys).getOrCreate(a[2], json ? Optional.empty() : Optional.of(new CBORFactory()));
    ObjectWriter writer = m.writerFor(Ten.class);
    ObjectReader reader = m.readerFor(Ten.class);
    byte[] bytes = writer.writeValueAsBytes(ten);
    String kind = json ? "json" : "cbor";
    measure("write-" + kind, () -> writer.writeValueAsBytes(ten), warm, rounds);
    measure("read-" + kind, () -> reader.readValue(bytes), warm, rounds);
    Serialization ser = SerializationExtension.get(sys);
    Serializer z = ser.findSerializerFor(ten);
    String manifest = Serializers.manifestFor(z, ten);
    measure("pekko-write-" + kind, () -> z.toBinary(ten), warm, rounds);
    measure("pekko-read-" + kind, () -> ser.deserialize(bytes, z.identifier(), manifest).get(), warm, rounds);
    if (json) {
      Protos.Ten p = Protos.Ten.newBuilder().setActive(true).setCount(42).setLevel(-7).setId(1234567890123L).setTime(1700000000000L).setPrice(19.99).setShare(0.125)
          .setName("Aino Virtanen").setCity("Jyv\u00e4skyl\u00e4").setNote("a note of ordinary length").build();
      byte[] pb = p.toByteArray();
      // a message remembers its size: one is built anew for each write, as an application does
      measure("write-protobuf", () -> p.toBuilder().setCount(42).build().toByteArray(), warm, rounds);
      measure("write-protobuf-again", () -> p.toByteArray(), warm, rounds);
      measure("read-protobuf", () -> { Protos.Ten t = Protos.Ten.parseFrom(pb); return t.getName() + t.getCity() + t.getNote(); }, warm, rounds);
      measure("read-protobuf-lazy", () -> Protos.Ten.parseFrom(pb), warm, rounds);
      Serializer zp = ser.findSerializerFor(p);
      String mp = Serializers.manifestFor(zp, p);
      measure("pekko-write-protobuf", () -> zp.toBinary(p), warm, rounds);
      measure("pekko-read-protobuf", () -> ser.deserialize(pb, zp.identifier(), mp).get(), warm, rounds);
    }
    sys.terminate();
    System.exit(0);
  }
}
