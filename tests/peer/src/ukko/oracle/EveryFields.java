// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import org.apache.pekko.actor.ActorRef;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.*;
import java.util.*;

/** One field of every shape that `ukko gen` knows; tests/differential makes C structs of this very file. */
public class EveryFields {
  public enum Color { RED, GREEN, BLUE }

  public static final class Part {
    public int x;
    public String name;
    public Part next;
  }

  public boolean flag;
  public Boolean boxedFlag;
  public int small;
  public Integer boxedSmall;
  public long large;
  public Long boxedLarge;
  public float real;
  public Float boxedReal;
  public double precise;
  public Double boxedPrecise;
  public String text;
  public byte[] blob;
  public Color color;
  public Part part;
  public List<Integer> ints;
  public int[] intArray;
  public List<Long> longs;
  public double[] doubles;
  public List<String> texts;
  public List<Color> colors;
  public List<Part> parts;
  public List<List<Long>> table;
  public Map<String, String> byName;
  public Map<Long, Part> byNumber;
  public Map<String, List<Integer>> lists;
  public Optional<String> maybeText;
  public Optional<Part> maybePart;
  public OptionalInt maybeInt;
  public OptionalLong maybeLong;
  public OptionalDouble maybeDouble;
  public Instant instant;
  public Duration duration;
  public LocalDate date;
  public LocalTime time;
  public LocalDateTime local;
  public OffsetDateTime offset;
  public ZonedDateTime zoned;
  public UUID id;
  public BigDecimal decimal;
  public BigInteger whole;
  public ActorRef ref;
}
