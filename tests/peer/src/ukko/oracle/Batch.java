// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import com.google.protobuf.DescriptorProtos;
import com.google.protobuf.Descriptors;
import com.google.protobuf.DynamicMessage;
import org.apache.pekko.actor.*;
import org.apache.pekko.serialization.*;

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;

/**
 * `peer batch`: reads serialized messages on stdin, makes objects of them with Pekko's serializers, writes them again, and gives the bytes back with what
 * they mean. Request: int length, int serializer, short length of manifest, manifest, bytes. Answer: int length, byte 0 (1: an error), then as above, with the
 * meaning behind it: int length of bytes, bytes, text. Serializer -2: protobuf by the descriptors of --descriptors, the manifest is the message's full name.
 */
final class Batch {
  private final Serialization ser;
  private final Map<String, Descriptors.Descriptor> protos = new HashMap<>();
  private final DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 20));

  private Batch(ActorSystem s, String descriptors) throws Exception {
    ser = SerializationExtension.get(s);
    if (descriptors == null) return;
    Map<String, Descriptors.FileDescriptor> files = new HashMap<>();
    for (DescriptorProtos.FileDescriptorProto p : DescriptorProtos.FileDescriptorSet.parseFrom(Files.readAllBytes(Paths.get(descriptors))).getFileList()) {
      List<Descriptors.FileDescriptor> needs = new ArrayList<>();
      for (String d : p.getDependencyList()) needs.add(files.get(d));
      Descriptors.FileDescriptor f = Descriptors.FileDescriptor.buildFrom(p, needs.toArray(new Descriptors.FileDescriptor[0]));
      files.put(p.getName(), f);
      for (Descriptors.Descriptor d : f.getMessageTypes()) protos.put(d.getFullName(), d);
    }
  }

  private void answer(int status, int id, String manifest, byte[] bytes, String text) throws IOException {
    byte[] m = manifest.getBytes(StandardCharsets.UTF_8), t = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(1 + 4 + 2 + m.length + 4 + bytes.length + t.length);
    out.writeByte(status);
    out.writeInt(id);
    out.writeShort(m.length);
    out.write(m);
    out.writeInt(bytes.length);
    out.write(bytes);
    out.write(t);
  }

  private void one(int id, String manifest, byte[] bytes) throws IOException {
    try {
      if (id == -2) {
        DynamicMessage m = DynamicMessage.parseFrom(protos.get(manifest), bytes);
        if (!m.getUnknownFields().asMap().isEmpty()) throw new IllegalStateException("unknown fields: " + m.getUnknownFields());
        answer(0, id, manifest, m.toByteArray(), Canon.of(m));
        return;
      }
      Object o = ser.deserialize(bytes, id, manifest).get();
      boolean meaning = o instanceof EveryFields || o instanceof com.google.protobuf.Message;
      Serializer z = ser.findSerializerFor(o);
      byte[] again = z.toBinary(o);
      answer(0, z.identifier(), o == null ? "" : Serializers.manifestFor(z, o), again, meaning ? Canon.of(o) : "");
    } catch (Throwable e) {
      StringWriter w = new StringWriter();
      e.printStackTrace(new PrintWriter(w));
      answer(1, id, manifest, new byte[0], w.toString());
    }
  }

  static void main(Opts o) throws Exception {
    ActorSystem s = ActorSystem.create("batch", com.typesafe.config.ConfigFactory.parseString("pekko.loglevel = OFF, pekko.stdout-loglevel = OFF, pekko.loggers = []").withFallback(o.config()));
    Batch b = new Batch(s, o.get("descriptors", null));
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 20));
    scala.Function0<Object> all = () -> {
      try {
        for (;;) {
          if (in.available() == 0) b.out.flush();
          int n = in.readInt(), id = in.readInt();
          byte[] m = new byte[in.readUnsignedShort()];
          in.readFully(m);
          byte[] bytes = new byte[n - 6 - m.length];
          in.readFully(bytes);
          b.one(id, new String(m, StandardCharsets.UTF_8), bytes);
        }
      } catch (EOFException e) { return null; } catch (IOException e) { throw new UncheckedIOException(e); }
    };
    Serialization$.MODULE$.withTransportInformation((ExtendedActorSystem) s, all);
    b.out.flush();
    System.exit(0);
  }
}
