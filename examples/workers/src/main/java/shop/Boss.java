// SPDX-License-Identifier: Apache-2.0
package shop;

import org.apache.pekko.actor.*;
import org.apache.pekko.routing.*;

import java.time.Duration;
import java.util.*;

/** Sends jobs to the pool, again when one was not answered within a second, and tells twice a second how things stand. */
public final class Boss extends AbstractActorWithTimers {
  private final ActorRef pool;
  private final Refill refill;
  private final List<String> nodes;
  private final Map<String, Long> answeredPing = new HashMap<>();
  private final LinkedHashMap<Long, Long> open = new LinkedHashMap<>(); // job -> when it was sent last
  private final Map<String, Long> answers = new TreeMap<>();            // node -> since the last look
  private long jobs, answered, again, twice;
  private boolean finishing;

  public Boss(ActorRef pool, Refill refill) {
    this.pool = pool;
    this.refill = refill;
    this.nodes = getContext().getSystem().settings().config().getStringList("pekko.actor.deployment./pool.target.nodes");
    getTimers().startTimerWithFixedDelay("work", "work", Duration.ofMillis(10));
    getTimers().startTimerWithFixedDelay("look", "look", Duration.ofMillis(500));
  }

  private void send(long job) {
    open.remove(job);
    open.put(job, System.nanoTime());
    pool.tell("job " + job, getSelf());
  }
  private void work() {
    for (int i = 0; i < 5 && !finishing; i++) send(jobs++);
    long late = System.nanoTime() - 1_000_000_000L;
    List<Long> lost = new ArrayList<>();
    for (Map.Entry<Long, Long> e : open.entrySet()) { if (e.getValue() > late) break; lost.add(e.getKey()); }
    for (long job : lost) { again++; send(job); }
    if (finishing && open.isEmpty()) {
      System.out.println("finished jobs=" + jobs + " answered=" + answered + " again=" + again + " twice=" + twice);
      getTimers().cancelAll();
    }
  }
  private void look() {
    for (String n : nodes) getContext().actorSelection(n + "/user/here").tell("here", getSelf());
    long late = System.nanoTime() - 2_000_000_000L;
    refill.allUp = nodes.stream().allMatch(n -> answeredPing.getOrDefault(AddressFromURIString.parse(n).system(), Long.MIN_VALUE) > late);
    pool.tell(GetRoutees.getInstance(), getSelf());
  }
  private void show(Routees routees) {
    Map<String, Integer> where = new TreeMap<>();
    for (Routee r : routees.getRoutees()) where.merge(((ActorRefRoutee) r).ref().path().address().system(), 1, Integer::sum);
    System.out.println("pool workers=" + where + " answers=" + answers + " jobs=" + jobs + " open=" + open.size());
    answers.clear();
  }
  private void answer(String text) { // "job 17 a" of a worker, "here a" of a node
    String[] w = text.split(" ");
    String node = w[w.length - 1];
    if (w[0].equals("here")) { answeredPing.put(node, System.nanoTime()); return; }
    answers.merge(node, 1L, Long::sum);
    if (open.remove(Long.parseLong(w[1])) != null) answered++;
    else twice++;
  }

  @Override public Receive createReceive() {
    return receiveBuilder()
        .matchEquals("work", x -> work())
        .matchEquals("look", x -> look())
        .matchEquals("finish", x -> finishing = true)
        .match(Routees.class, this::show)
        .match(String.class, this::answer)
        .build();
  }
}
