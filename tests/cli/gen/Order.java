// SPDX-License-Identifier: Apache-2.0
// A class and what goes with it, as an application has them.
package com.example.shop;

import com.fasterxml.jackson.annotation.*;
import java.util.*;

public final class Order implements JsonSerializable {
    private static final long serialVersionUID = 1L;
    public final long id;
    public final String name;
    private final boolean paid, /* one more */ sent = isSent(1, 2);
    public final Integer count;
    public final double weight = 1.5 * (2 + 3);
    @JsonProperty("current-state") protected State state = State.valueOf("OPEN");
    @JsonIgnore public final Object secret;
    public final List<Line> lines;
    public final Map<String, Line> byName;
    public final Map<Long, List<String>> byNumber;
    public final List<List<Integer>> table;
    public final Optional<String> note;
    public final OptionalInt maybe;
    public final byte[] blob;
    public final int[] numbers;
    public final java.time.Instant created;
    @Nullable public final java.time.Instant shipped;
    public final java.time.Duration took;
    public final java.time.LocalDate day;
    public final java.time.LocalTime time;
    public final java.time.LocalDateTime local;
    public final java.time.OffsetDateTime offset;
    public final java.time.ZonedDateTime zoned;
    public final UUID uuid;
    public final java.math.BigDecimal price;
    public final java.math.BigInteger huge;
    public final org.apache.pekko.actor.ActorRef replyTo;
    public final Order parent;
    public transient int cached;

    static { System.out.println("{"); }

    @JsonCreator
    public Order(@JsonProperty("id") long id, String name) throws Exception {
        if (id < 0) { throw new IllegalArgumentException("negative: " + id + '}'); }
        this.id = id;
    }

    public <T extends Comparable<T>> List<T> sorted(Collection<? extends T> in) { return null; }
    @Override public String toString() { return "Order{" + id + "}"; }

    public enum State { OPEN, CLOSED("x") { void f() {} }; private final String s = ""; State(String... x) {} }

    public record Line(String item, int count, @JsonProperty("unitPrice") float unitPrice) implements JsonSerializable {
        public Line { if (count < 0) throw new IllegalArgumentException(); }
        public static Line of(String item) { return new Line(item, 1, 0f); }
    }
}

sealed interface Command extends JsonSerializable permits Command.Stop, Command.Start {
    record Stop() implements Command {}
    record Start(Order order, Set<Order.State> states) implements Command {}
}
