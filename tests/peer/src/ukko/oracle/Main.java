// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

public final class Main {
  public static void main(String[] a) throws Exception {
    String cmd = a.length == 0 ? "help" : a[0];
    Opts o = new Opts(a, Math.min(1, a.length));
    switch (cmd) {
      case "run": Peer.main(o); break;
      case "vectors": Vectors.main(o); break;
      case "capture": Capture.main(o); break;
      case "proxy": Proxy.main(o); break;
      case "raw": Raw.main(o); break;
      case "batch": Batch.main(o); break;
      case "decode": Wire.main(o); break;
      case "bench-server": Bench.server(o); break;
      case "bench-client": Bench.client(o); break;
      case "storm-host": Storm.main(o, false); break;
      case "storm-drive": Storm.main(o, true); break;
      case "bench-local": LocalBench.main(o); break;
      default:
        System.err.println("commands: run | vectors | capture | proxy | raw | batch | decode | bench-server | bench-client | bench-local | storm-host | storm-drive   (see README.md)");
        System.exit(cmd.equals("help") ? 0 : 2);
    }
  }
}
