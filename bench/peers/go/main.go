// SPDX-License-Identifier: Apache-2.0
// Go peer of the actor benchmarks: goroutines as actors, channels as mailboxes,
// length-prefixed frames over a TCP connection for the remote workloads.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"time"
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
	r1Rounds  = 50000
	r1Warmup  = 2000
	r1Payload = 100
)

var r2 = map[string][3]int{ // payload, messages, batch
	"R2_100": {100, 2000000, 1024}, "R2_1k": {1024, 1000000, 1024}, "R2_10k": {10240, 200000, 128}}

const sys = "go"

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

func l1() {
	s := timed(func() {
		a, b := make(chan int64), make(chan int64)
		go func() {
			for v := range a {
				b <- v
			}
			close(b)
		}()
		for i := int64(0); i < l1Msgs/2; i++ {
			a <- i
			<-b
		}
		close(a)
	})
	report("L1", l1Msgs/s, "msgs/s", "")
}

// The channel's capacity is the window: two batches per sender.
func oneWay(wl string, senders, total, batch int) {
	s := timed(func() {
		c := make(chan int64, 2*batch*senders)
		for i := 0; i < senders; i++ {
			go func() {
				for k := 0; k < total/senders; k++ {
					c <- int64(k)
				}
			}()
		}
		for i := 0; i < total; i++ {
			<-c
		}
	})
	report(wl, float64(total)/s, "msgs/s", "")
}

func skynet(up chan int64, num, size int64) {
	if size == 1 {
		up <- num
		return
	}
	c := make(chan int64)
	for i := int64(0); i < 10; i++ {
		go skynet(c, num+i*(size/10), size/10)
	}
	var sum int64
	for i := 0; i < 10; i++ {
		sum += <-c
	}
	up <- sum
}

func l4() {
	var sum int64
	s := timed(func() {
		c := make(chan int64)
		go skynet(c, 0, l4Leaves)
		sum = <-c
	})
	if sum != l4Leaves*(l4Leaves-1)/2 {
		panic(sum)
	}
	report("L4", s*1e3, "ms", fmt.Sprintf(",\"peak_rss_mb\":%.1f", rss("VmHWM:")/1e6))
}

func l5() {
	s := timed(func() {
		done := make(chan bool)
		first := make(chan int64)
		in := first
		for i := 0; i < l5Ring; i++ {
			out := make(chan int64)
			if i == l5Ring-1 {
				out = first
			}
			go func(in, out chan int64) {
				for v := range in {
					if v == 0 {
						done <- true
						return
					}
					out <- v - 1
				}
			}(in, out)
			in = out
		}
		first <- l5Hops
		<-done
	})
	report("L5", s, "s", "")
}

func l6() {
	debug.FreeOSMemory()
	before := rss("VmRSS:")
	all := make([]chan int64, l6Actors)
	for i := range all {
		c := make(chan int64, 1)
		all[i] = c
		go func() {
			for range c {
			}
		}()
	}
	for runtime.NumGoroutine() < l6Actors {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
	report("L6", (rss("VmRSS:")-before)/l6Actors, "bytes/actor", "")
	runtime.KeepAlive(all)
}

type bigMsg struct {
	from chan bigMsg // nil: a pong
}

func l7() {
	s := timed(func() {
		all := make([]chan bigMsg, l7Actors)
		done := make(chan bool, l7Actors)
		for i := range all {
			all[i] = make(chan bigMsg, l7Actors+8) // never full: one ping in flight per actor
		}
		for i := range all {
			go func() {
				me, left := all[i], l7Pings
				x := uint64(i+1) * 0x9E3779B97F4A7C15
				ping := func() {
					x ^= x << 13
					x ^= x >> 7
					x ^= x << 17
					all[x%l7Actors] <- bigMsg{me}
				}
				ping()
				for m := range me {
					if m.from != nil {
						m.from <- bigMsg{}
					} else if left--; left > 0 {
						ping()
					} else {
						done <- true
					}
				}
			}()
		}
		for range all {
			<-done
		}
	})
	report("L7", 2.0*l7Actors*l7Pings/s, "msgs/s", "")
}

// serve is the peer process. Frame: u32 length, one type byte (0 echo, 1 data,
// 2 data that wants an ack), payload.
func serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().String())
	c, err := l.Accept()
	if err != nil {
		panic(err)
	}
	r, w := bufio.NewReaderSize(c, 256<<10), bufio.NewWriterSize(c, 64<<10)
	for {
		m, err := readFrame(r)
		if err != nil {
			return
		}
		switch m[0] {
		case 0:
			writeFrame(w, 0, m[1:])
			w.Flush()
		case 2:
			writeFrame(w, 2, nil)
			w.Flush()
		}
	}
}

func readFrame(r *bufio.Reader) ([]byte, error) {
	var h [4]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, err
	}
	m := make([]byte, binary.LittleEndian.Uint32(h[:])) // each message is its own object, as for an actor
	_, err := io.ReadFull(r, m)
	return m, err
}

func writeFrame(w *bufio.Writer, kind byte, payload []byte) {
	var h [5]byte
	binary.LittleEndian.PutUint32(h[:], uint32(len(payload)+1))
	h[4] = kind
	w.Write(h[:])
	w.Write(payload)
}

func remote(wl string) {
	cmd := exec.Command(os.Args[0], "serve")
	out, _ := cmd.StdoutPipe()
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	addr, _ := bufio.NewReader(out).ReadString('\n')
	c, err := net.Dial("tcp", strings.TrimSpace(addr))
	if err != nil {
		panic(err)
	}
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriterSize(c, 256<<10)
	if wl == "R1" {
		p := make([]byte, r1Payload)
		lat := make([]float64, 0, r1Rounds)
		for i := 0; i < r1Warmup+r1Rounds; i++ {
			t := time.Now()
			writeFrame(w, 0, p)
			w.Flush()
			if _, err := readFrame(r); err != nil {
				panic(err)
			}
			if i >= r1Warmup {
				lat = append(lat, float64(time.Since(t).Nanoseconds())/1e3)
			}
		}
		sort.Float64s(lat)
		report("R1", lat[len(lat)/2], "us_p50", fmt.Sprintf(",\"p99\":%.3f", lat[len(lat)*99/100]))
	} else {
		cfg := r2[wl]
		p := make([]byte, cfg[0])
		acks := make(chan bool, 16)
		go func() {
			for {
				if _, err := readFrame(r); err != nil {
					return
				}
				acks <- true
			}
		}()
		run := func(msgs, batch int) {
			credit, out := 2, 0
			for msgs > 0 || out > 0 {
				if msgs > 0 && credit > 0 {
					n := min(msgs, batch)
					for i := 1; i < n; i++ {
						writeFrame(w, 1, p)
					}
					writeFrame(w, 2, p)
					w.Flush()
					msgs -= n
					credit--
					out++
					continue
				}
				<-acks
				credit++
				out--
			}
		}
		run(cfg[2]*8, cfg[2])
		s := timed(func() { run(cfg[1], cfg[2]) })
		report(wl, float64(cfg[1])/s, "msgs/s", "")
	}
	c.Close()
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
		remote(wl)
	}
}
