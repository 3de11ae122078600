// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors;
import com.google.protobuf.Message;
import org.apache.pekko.actor.ActorRef;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.time.*;
import java.util.*;

/** What a value means, as a text that no serializer has a part in: tests/differential makes the same of the C struct. Names of fields are left out, their order is that of the class. */
final class Canon {
  private final StringBuilder b = new StringBuilder();

  static String of(Object o) { Canon c = new Canon(); c.put(o); return c.b.toString(); }

  private void hex(byte[] a) { for (byte x : a) b.append(Character.forDigit(x >> 4 & 15, 16)).append(Character.forDigit(x & 15, 16)); }

  private void instant(long s, int n) { b.append('i').append(s).append('.').append(n); }

  private void put(Object o) {
    if (o == null) b.append('-');
    else if (o instanceof Boolean) b.append((Boolean) o ? 't' : 'f');
    else if (o instanceof Float) b.append('F').append(Integer.toHexString(Float.floatToIntBits((Float) o)));
    else if (o instanceof Double) b.append('D').append(Long.toHexString(Double.doubleToLongBits((Double) o)));
    else if (o instanceof java.math.BigDecimal || o instanceof java.math.BigInteger) b.append('N').append(o);
    else if (o instanceof Number) b.append(o);
    else if (o instanceof String) { b.append('"'); hex(((String) o).getBytes(StandardCharsets.UTF_8)); }
    else if (o instanceof byte[]) { b.append('b'); hex((byte[]) o); }
    else if (o instanceof ByteString) { b.append('b'); hex(((ByteString) o).toByteArray()); }
    else if (o instanceof Enum) b.append(((Enum<?>) o).ordinal());
    else if (o instanceof Optional) put(((Optional<?>) o).orElse(null));
    else if (o instanceof OptionalInt) put(((OptionalInt) o).isPresent() ? ((OptionalInt) o).getAsInt() : null);
    else if (o instanceof OptionalLong) put(((OptionalLong) o).isPresent() ? ((OptionalLong) o).getAsLong() : null);
    else if (o instanceof OptionalDouble) put(((OptionalDouble) o).isPresent() ? ((OptionalDouble) o).getAsDouble() : null);
    else if (o instanceof ActorRef) b.append('r').append(((ActorRef) o).path().toSerializationFormat());
    else if (o instanceof UUID) b.append('u').append(o);
    else if (o instanceof Instant) instant(((Instant) o).getEpochSecond(), ((Instant) o).getNano());
    else if (o instanceof OffsetDateTime) put(((OffsetDateTime) o).toInstant());
    else if (o instanceof ZonedDateTime) put(((ZonedDateTime) o).toInstant());
    else if (o instanceof java.time.Duration) b.append('d').append(((java.time.Duration) o).getSeconds()).append('.').append(((java.time.Duration) o).getNano());
    else if (o instanceof LocalDate) { LocalDate d = (LocalDate) o; b.append('l').append(d.getYear()).append('/').append(d.getMonthValue()).append('/').append(d.getDayOfMonth()); }
    else if (o instanceof LocalTime) { LocalTime t = (LocalTime) o; b.append('h').append(t.toSecondOfDay()).append('.').append(t.getNano()); }
    else if (o instanceof LocalDateTime) { put(((LocalDateTime) o).toLocalDate()); put(((LocalDateTime) o).toLocalTime()); }
    else if (o instanceof Map) map((Map<?, ?>) o);
    else if (o instanceof Iterable) { b.append('['); for (Object x : (Iterable<?>) o) { put(x); b.append(','); } b.append(']'); }
    else if (o.getClass().isArray()) { b.append('['); for (int i = 0; i < java.lang.reflect.Array.getLength(o); i++) { put(java.lang.reflect.Array.get(o, i)); b.append(','); } b.append(']'); }
    else if (o instanceof Message) message((Message) o);
    else bean(o);
  }

  private void map(Map<?, ?> m) {
    List<String> entries = new ArrayList<>();
    for (Map.Entry<?, ?> e : m.entrySet()) entries.add(Canon.of(e.getKey()) + "=" + Canon.of(e.getValue()));
    Collections.sort(entries);
    b.append('{');
    for (String e : entries) b.append(e).append(',');
    b.append('}');
  }

  private void bean(Object o) {
    b.append('(');
    List<Class<?>> classes = new ArrayList<>();
    for (Class<?> c = o.getClass(); c != Object.class; c = c.getSuperclass()) classes.add(0, c);
    try {
      for (Class<?> c : classes)
        for (Field f : c.getDeclaredFields()) {
          if (Modifier.isStatic(f.getModifiers())) continue;
          f.setAccessible(true);
          put(f.get(o));
          b.append(',');
        }
    } catch (IllegalAccessException e) { throw new IllegalStateException(e); }
    b.append(')');
  }

  /** by the descriptor: absent ones of what can be absent are null; of a oneof the one that is there; maps sorted */
  private void message(Message m) {
    Descriptors.Descriptor d = m.getDescriptorForType();
    if (d.getFullName().equals("google.protobuf.Timestamp")) { instant(time(m, 1), (int) time(m, 2)); return; }
    if (d.getFullName().equals("google.protobuf.Duration")) {
      java.time.Duration t = java.time.Duration.ofSeconds(time(m, 1), time(m, 2));
      put(t);
      return;
    }
    b.append('(');
    for (Descriptors.FieldDescriptor f : d.getFields()) {
      Descriptors.OneofDescriptor one = f.getRealContainingOneof();
      if (one != null && !m.hasField(f)) continue;
      if (f.isMapField()) mapField((List<?>) m.getField(f));
      else if (f.isRepeated()) { b.append('['); for (Object x : (List<?>) m.getField(f)) { value(f, x); b.append(','); } b.append(']'); }
      else if (f.hasPresence() && !m.hasField(f)) b.append('-');
      else { if (one != null) b.append(f.getNumber()).append(':'); value(f, m.getField(f)); }
      b.append(',');
    }
    b.append(')');
  }

  private static long time(Message m, int number) { return ((Number) m.getField(m.getDescriptorForType().findFieldByNumber(number))).longValue(); }

  private void mapField(List<?> l) {
    List<String> entries = new ArrayList<>();
    for (Object x : l) {
      Message e = (Message) x;
      Descriptors.Descriptor d = e.getDescriptorForType();
      Canon k = new Canon(), v = new Canon();
      k.value(d.findFieldByNumber(1), e.getField(d.findFieldByNumber(1)));
      v.value(d.findFieldByNumber(2), e.getField(d.findFieldByNumber(2)));
      entries.add(k.b + "=" + v.b);
    }
    Collections.sort(entries);
    b.append('{');
    for (String e : entries) b.append(e).append(',');
    b.append('}');
  }

  private void value(Descriptors.FieldDescriptor f, Object x) {
    switch (f.getType()) {
      case UINT32: case FIXED32: b.append(Integer.toUnsignedString((Integer) x)); break;
      case UINT64: case FIXED64: b.append(Long.toUnsignedString((Long) x)); break;
      case ENUM: b.append(((Descriptors.EnumValueDescriptor) x).getNumber()); break;
      default: put(x);
    }
  }
}
