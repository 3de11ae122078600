// SPDX-License-Identifier: Apache-2.0
// protoactor-go peer of the actor benchmarks. Remote messages are protobuf
// BytesValue over the library's gRPC stream.
package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	l1Msgs    = 4000000
	l2Msgs    = 10000000
	l2Batch   = 2048
	l3Senders = 8
	l3Msgs    = 8000000
	l3Batch   = 512
	l4Leaves  = 1000000
	l5Ring    = 503
	l5Hops    = 5000000
	l6Actors  = 1000000
	l7Actors  = 1000
	l7Pings   = 4000
	r1Rounds  = 20000
	r1Warmup  = 2000
	r1Payload = 100
)

var r2 = map[string][3]int{ // payload, messages, batch
	"R2_100": {100, 1000000, 1024}, "R2_1k": {1024, 500000, 1024}, "R2_10k": {10240, 100000, 128}}

const sys = "protoactor"

type (
	start struct{}
	ping  struct{ from *actor.PID }
	pong  struct{}
	last  struct{ from *actor.PID }
	ack   struct{}
	done  struct{}
	next  struct{ pid *actor.PID }
)

func report(wl string, v float64, unit, extra string) {
	fmt.Printf("{\"system\":\"%s\",\"workload\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"%s}\n", sys, wl, v, unit, extra)
}

func rss(key string) float64 {
	b, _ := os.ReadFile("/proc/self/status")
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, key) {
			n, _ := strconv.ParseFloat(strings.Fields(l)[1], 64)
			return n * 1024
		}
	}
	return 0
}

func timed(f func()) float64 {
	t := time.Now()
	f()
	return time.Since(t).Seconds()
}

var (
	system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	}))
	finished = make(chan int64, l7Actors)
)

func spawn(f func(actor.Context)) *actor.PID {
	return system.Root.Spawn(actor.PropsFromFunc(f))
}

func l1() {
	s := timed(func() {
		p := spawn(func(c actor.Context) {
			if m, ok := c.Message().(ping); ok {
				c.Send(m.from, pong{})
			}
		})
		left := l1Msgs / 2
		a := spawn(func(c actor.Context) {
			switch c.Message().(type) {
			case start, pong:
				if left == 0 {
					finished <- 0
					return
				}
				left--
				c.Send(p, ping{c.Self()})
			}
		})
		system.Root.Send(a, start{})
		<-finished
	})
	report("L1", l1Msgs/s, "msgs/s", "")
}

func oneWay(wl string, senders, total, batch int) {
	s := timed(func() {
		var sum int64
		recv := spawn(func(c actor.Context) {
			switch m := c.Message().(type) {
			case int64:
				sum += m
			case last:
				c.Send(m.from, ack{})
			}
		})
		for i := 0; i < senders; i++ {
			left, out := total/senders, 0
			burst := func(c actor.Context) {
				n := min(left, batch)
				if n == 0 {
					return
				}
				left -= n
				out++
				for k := 1; k < n; k++ {
					c.Send(recv, int64(k))
				}
				c.Send(recv, last{c.Self()})
			}
			a := spawn(func(c actor.Context) {
				switch c.Message().(type) {
				case start:
					burst(c)
					burst(c)
				case ack:
					out--
					burst(c)
					if out == 0 {
						finished <- 0
					}
				}
			})
			system.Root.Send(a, start{})
		}
		for i := 0; i < senders; i++ {
			<-finished
		}
	})
	report(wl, float64(total)/s, "msgs/s", "")
}

type sky struct {
	parent         *actor.PID
	num, size, sum int64
	count          int
}

func (s *sky) Receive(c actor.Context) {
	up := func(v int64) {
		if s.parent == nil {
			finished <- v
		} else {
			c.Send(s.parent, v)
		}
		c.Stop(c.Self())
	}
	switch m := c.Message().(type) {
	case *actor.Started:
		if s.size == 1 {
			up(s.num)
			return
		}
		for i := int64(0); i < 10; i++ {
			child := &sky{parent: c.Self(), num: s.num + i*(s.size/10), size: s.size / 10}
			system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return child }))
		}
	case int64:
		s.sum += m
		if s.count++; s.count == 10 {
			up(s.sum)
		}
	}
}

func l4() {
	var sum int64
	s := timed(func() {
		system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &sky{size: l4Leaves} }))
		sum = <-finished
	})
	if sum != l4Leaves*(l4Leaves-1)/2 {
		panic(sum)
	}
	report("L4", s*1e3, "ms", fmt.Sprintf(",\"peak_rss_mb\":%.1f", rss("VmHWM:")/1e6))
}

func l5() {
	s := timed(func() {
		ring := make([]*actor.PID, l5Ring)
		for i := range ring {
			var to *actor.PID
			ring[i] = spawn(func(c actor.Context) {
				switch m := c.Message().(type) {
				case next:
					to = m.pid
				case int64:
					if m == 0 {
						finished <- 0
						return
					}
					c.Send(to, m-1)
				}
			})
		}
		for i := range ring {
			system.Root.Send(ring[i], next{ring[(i+1)%l5Ring]})
		}
		system.Root.Send(ring[0], int64(l5Hops))
		<-finished
	})
	report("L5", s, "s", "")
}

func l6() {
	before := rss("VmRSS:")
	all := make([]*actor.PID, l6Actors)
	props := actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(start); ok {
			finished <- 0
		}
	})
	for i := range all {
		all[i] = system.Root.Spawn(props)
	}
	system.Root.Send(all[0], start{})
	system.Root.Send(all[l6Actors-1], start{})
	<-finished
	<-finished
	time.Sleep(300 * time.Millisecond)
	report("L6", (rss("VmRSS:")-before)/l6Actors, "bytes/actor", "")
}

func l7() {
	s := timed(func() {
		all := make([]*actor.PID, l7Actors)
		for i := range all {
			left, x := l7Pings, uint64(i+1)*0x9E3779B97F4A7C15
			send := func(c actor.Context) {
				x ^= x << 13
				x ^= x >> 7
				x ^= x << 17
				c.Send(all[x%l7Actors], ping{c.Self()})
			}
			all[i] = spawn(func(c actor.Context) {
				switch m := c.Message().(type) {
				case start:
					send(c)
				case ping:
					c.Send(m.from, pong{})
				case pong:
					if left--; left > 0 {
						send(c)
					} else {
						finished <- 0
					}
				}
			})
		}
		for _, p := range all {
			system.Root.Send(p, start{})
		}
		for range all {
			<-finished
		}
	})
	report("L7", 2.0*l7Actors*l7Pings/s, "msgs/s", "")
}

// serve is the peer process: bytes starting with 0 are echoed, 1 consumed, 2 acked.
func serve() {
	r := remote.NewRemote(system, remote.Configure("127.0.0.1", 0))
	r.Start()
	_, err := system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*wrapperspb.BytesValue); ok {
			switch m.Value[0] {
			case 0:
				c.Respond(m)
			case 2:
				c.Respond(&wrapperspb.BoolValue{Value: true})
			}
		}
	}), "sink")
	if err != nil {
		panic(err)
	}
	fmt.Println("ADDR", system.Address())
	bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(0)
}

func remoteBench(wl string) {
	cmd := exec.Command(os.Args[0], "serve")
	out, _ := cmd.StdoutPipe()
	in, _ := cmd.StdinPipe()
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	var addr string
	for sc := bufio.NewScanner(out); sc.Scan(); {
		if a, ok := strings.CutPrefix(sc.Text(), "ADDR "); ok {
			addr = a
			break
		}
	}
	r := remote.NewRemote(system, remote.Configure("127.0.0.1", 0))
	r.Start()
	sink := actor.NewPID(addr, "sink")
	if wl == "R1" {
		lat := make([]float64, 0, r1Rounds)
		m := &wrapperspb.BytesValue{Value: make([]byte, r1Payload)}
		n, t := 0, time.Now()
		a := spawn(func(c actor.Context) {
			switch c.Message().(type) {
			case start:
			case *wrapperspb.BytesValue:
				if n++; n > r1Warmup {
					lat = append(lat, float64(time.Since(t).Nanoseconds())/1e3)
				}
				if n == r1Warmup+r1Rounds {
					finished <- 0
					return
				}
			default:
				return
			}
			t = time.Now()
			c.Request(sink, m)
		})
		system.Root.Send(a, start{})
		<-finished
		sort.Float64s(lat)
		report("R1", lat[len(lat)/2], "us_p50", fmt.Sprintf(",\"p99\":%.3f", lat[len(lat)*99/100]))
	} else {
		cfg := r2[wl]
		data := make([]byte, cfg[0])
		data[0] = 1
		mark := append([]byte{}, data...)
		mark[0] = 2
		run := func(left, batch int) {
			outstanding := 0
			burst := func(c actor.Context) {
				n := min(left, batch)
				if n == 0 {
					return
				}
				left -= n
				outstanding++
				for i := 1; i < n; i++ {
					c.Send(sink, &wrapperspb.BytesValue{Value: data})
				}
				c.Request(sink, &wrapperspb.BytesValue{Value: mark})
			}
			a := spawn(func(c actor.Context) {
				switch c.Message().(type) {
				case start:
					burst(c)
					burst(c)
				case *wrapperspb.BoolValue:
					outstanding--
					burst(c)
					if outstanding == 0 {
						finished <- 0
					}
				}
			})
			system.Root.Send(a, start{})
			<-finished
		}
		run(cfg[2]*8, cfg[2])
		s := timed(func() { run(cfg[1], cfg[2]) })
		report(wl, float64(cfg[1])/s, "msgs/s", "")
	}
	in.Write([]byte("\n"))
	cmd.Wait()
}

func main() {
	switch wl := os.Args[1]; wl {
	case "L1":
		l1()
	case "L2":
		oneWay("L2", 1, l2Msgs, l2Batch)
	case "L3":
		oneWay("L3", l3Senders, l3Msgs, l3Batch)
	case "L4":
		l4()
	case "L5":
		l5()
	case "L6":
		l6()
	case "L7":
		l7()
	case "serve":
		serve()
	default:
		remoteBench(wl)
	}
	os.Exit(0)
}
