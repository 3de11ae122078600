// SPDX-License-Identifier: Apache-2.0
import com.typesafe.config.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.TimeUnit;

/**
 * Oracle for a HOCON parser: runs the real library (com.typesafe:config 1.4.3).
 *
 *   java -cp config-1.4.3.jar:.:RESOURCES Golden render FILE      canonical JSON, or {"error":..,"line":..}   (exit 0)
 *   java ... Golden query FILE                                    queries "TYPE PATH" on stdin, one JSON a line (exit 0)
 *   java ... Golden cli render FILE | cli query FILE              the PROGRAM contract of run.sh: errors on stderr, exit 2
 *   java ... Golden batch                                         stdin: lines IN<TAB>OUT (render) or IN<TAB>QUERYFILE<TAB>OUT (query)
 *   java ... Golden stack F1 F2 ...                               withFallback stack, F1 wins; rendered as JSON
 *   java ... Golden serve                                         a question a line on stdin, an answer a line on stdout (flushed):
 *                                                                 render<TAB>FILE | query<TAB>FILE<TAB>QUERYFILE (answers between tabs)
 *                                                                 | stack<TAB>F1<TAB>F2... ; what no caller may see is {"error":"crash"}
 *   java ... Golden bench N FILE                                  parse+resolve FILE N times in-process; warm timings
 *   java ... Golden benchstack N F1 F2 ...                        the same for a withFallback stack of files
 *
 * The class path is the resource path: put the case folder's classpath/ dir there.
 * Environment variables come from the process's environment (env -i NAME=VALUE java ...).
 * The working directory is what include file("...") is relative to.
 */
public class Golden {
    static String kind(Throwable e) {
        if (e instanceof ConfigException.UnresolvedSubstitution || e instanceof ConfigException.NotResolved) return "unresolved";
        if (e instanceof ConfigException.IO) return "io";
        if (e instanceof ConfigException.Missing) return "missing";          // also ConfigException.Null
        if (e instanceof ConfigException.WrongType) return "wrongtype";
        if (e instanceof ConfigException.BadValue) return "wrongtype";
        if (e instanceof ConfigException.Parse) return "parse";
        if (e instanceof ConfigException.BadPath) return "parse";
        if (e instanceof ConfigException.BugOrBroken) return String.valueOf(e.getMessage()).startsWith("Cannot load config from URL") ? "io" : "bug";
        if (e instanceof StackOverflowError) return "overflow";
        if (e instanceof ConfigException) return "parse";
        return "bug:" + e.getClass().getName();
    }

    static int line(Throwable e) {
        if (e instanceof ConfigException) {
            ConfigOrigin o = ((ConfigException) e).origin();
            if (o != null) return o.lineNumber();
        }
        return -1;
    }

    /** base name of the file the error's origin names, or null */
    static String file(Throwable e) {
        if (e instanceof ConfigException) {
            ConfigOrigin o = ((ConfigException) e).origin();
            if (o != null && !o.description().startsWith("merge of")) {   // a merged origin names no one file
                if (o.filename() != null) return new File(o.filename()).getName();
                if (o.resource() != null) return new File(o.resource()).getName();
            }
        }
        return null;
    }

    static String error(Throwable e, String mainFile) {
        StringBuilder sb = new StringBuilder("{\"error\":");
        str(sb, kind(e));
        int l = line(e);
        if (l > 0) sb.append(",\"line\":").append(l);
        String f = file(e);
        if (mainFile != null && f != null && !f.equals(new File(mainFile).getName())) { sb.append(",\"file\":"); str(sb, f); }
        return sb.append("}").toString();
    }

    static void str(StringBuilder sb, String s) {
        sb.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
            case '"': sb.append("\\\""); break;
            case '\\': sb.append("\\\\"); break;
            case '\n': sb.append("\\n"); break;
            case '\r': sb.append("\\r"); break;
            case '\t': sb.append("\\t"); break;
            case '\b': sb.append("\\b"); break;
            case '\f': sb.append("\\f"); break;
            default:
                boolean pair = Character.isHighSurrogate(c) && i + 1 < s.length() && Character.isLowSurrogate(s.charAt(i + 1));
                if (pair) { sb.append(c).append(s.charAt(++i)); }
                else if (c < 0x20 || c == 0x7f || Character.isSurrogate(c) || c == 0x2028 || c == 0x2029 || c == 0xfeff)
                    sb.append(String.format("\\u%04x", (int) c));
                else sb.append(c);
            }
        }
        sb.append('"');
    }

    @SuppressWarnings("unchecked")
    static void json(StringBuilder sb, Object o) {
        if (o == null) sb.append("null");
        else if (o instanceof Map) {
            TreeMap<String, Object> m = new TreeMap<>((Map<String, Object>) o);
            sb.append('{');
            boolean first = true;
            for (Map.Entry<String, Object> e : m.entrySet()) {
                if (!first) sb.append(',');
                first = false;
                str(sb, e.getKey());
                sb.append(':');
                json(sb, e.getValue());
            }
            sb.append('}');
        } else if (o instanceof List) {
            sb.append('[');
            boolean first = true;
            for (Object x : (List<Object>) o) {
                if (!first) sb.append(',');
                first = false;
                json(sb, x);
            }
            sb.append(']');
        } else if (o instanceof String) str(sb, (String) o);
        else sb.append(o);                        // Boolean, Integer, Long, Double
    }

    static String json(Object o) { StringBuilder sb = new StringBuilder(); json(sb, o); return sb.toString(); }

    /** ConfigFactory.parseFile: syntax by extension (.conf .json .properties, else .conf); the file must exist. */
    static Config load(String file) {
        // absolute: for a File without a parent ("x.conf") the library finds no adjacent includes
        return ConfigFactory.parseFile(new File(file).getAbsoluteFile(), ConfigParseOptions.defaults().setAllowMissing(false)).resolve();
    }

    static String render(String file) {
        try { return json(load(file).root().unwrapped()); }
        catch (ConfigException | StackOverflowError e) { return error(e, file); }
    }

    static Object get(Config c, String type, String path) {
        switch (type) {
        case "int": return c.getInt(path);
        case "long": return c.getLong(path);
        case "double": return c.getDouble(path);
        case "boolean": return c.getBoolean(path);
        case "string": return c.getString(path);
        case "duration": return c.getDuration(path, TimeUnit.NANOSECONDS);
        case "duration-ms": return c.getDuration(path, TimeUnit.MILLISECONDS);
        case "bytes": return c.getBytes(path);
        case "has": return c.hasPath(path);
        case "is-null": return c.getIsNull(path);
        case "string-list": return c.getStringList(path);
        case "int-list": return c.getIntList(path);
        case "long-list": return c.getLongList(path);
        case "double-list": return c.getDoubleList(path);
        case "boolean-list": return c.getBooleanList(path);
        case "duration-list": return c.getDurationList(path, TimeUnit.NANOSECONDS);
        case "bytes-list": return c.getBytesList(path);
        case "value": return c.getAnyRef(path);
        default: throw new IllegalArgumentException("unknown query type " + type);
        }
    }

    static String query(Config c, String line) {
        String[] p = line.split("[ \t]+", 2);
        try { return json(get(c, p[0], p.length > 1 ? p[1] : "")); }
        catch (ConfigException e) { return "{\"error\":\"" + kind(e) + "\"}"; }
    }

    static String queries(String file, List<String> qs) {
        StringBuilder sb = new StringBuilder();
        Config c;
        try { c = load(file); }
        catch (ConfigException | StackOverflowError e) { return error(e, file) + "\n"; }
        for (String q : qs) if (!q.isBlank() && !q.startsWith("#")) sb.append(query(c, q)).append('\n');
        return sb.toString();
    }

    static List<String> stdin() throws IOException {
        return Arrays.asList(new String(System.in.readAllBytes(), StandardCharsets.UTF_8).split("\n"));
    }

    static void out(String s) {
        byte[] b = s.getBytes(StandardCharsets.UTF_8);
        System.out.write(b, 0, b.length);
        System.out.flush();
    }

    static String serve(String line) {
        String[] p = line.split("\t");
        try {
            switch (p[0]) {
            case "render": return render(p[1]);
            case "query": return queries(p[1], Files.readAllLines(Paths.get(p[2]))).trim().replace("\n", "\t");
            case "stack":
                try { return json(stack(p, 1).root().unwrapped()); } catch (ConfigException | StackOverflowError e) { return error(e, null); }
            default: return "{\"error\":\"question\"}";
            }
        } catch (Throwable e) { return "{\"error\":\"crash\"}"; }
    }

    static Config stack(String[] fs, int from) {
        Config c = ConfigFactory.empty();
        for (int i = from; i < fs.length; i++) c = c.withFallback(ConfigFactory.parseFile(new File(fs[i]).getAbsoluteFile(), ConfigParseOptions.defaults().setAllowMissing(false)));
        return c.resolve();
    }

    static void bench(int n, java.util.function.Supplier<Config> f) {
        long[] t = new long[n];
        for (int i = 0; i < n; i++) { long a = System.nanoTime(); f.get(); t[i] = System.nanoTime() - a; }
        System.out.printf("first %.2f ms, second %.2f ms%n", t[0] / 1e6, n > 1 ? t[1] / 1e6 : 0);
        long[] w = Arrays.copyOfRange(t, n / 2, n);
        Arrays.sort(w);
        System.out.printf("warm (last %d of %d): min %.3f ms, median %.3f ms, p90 %.3f ms%n", w.length, n, w[0] / 1e6, w[w.length / 2] / 1e6, w[w.length * 9 / 10] / 1e6);
    }

    public static void main(String[] a) throws Exception {
        switch (a[0]) {
        case "render": out(render(a[1]) + "\n"); break;
        case "query": out(queries(a[1], stdin())); break;
        case "cli": {
            try {
                Config c = load(a[2]);
                if (a[1].equals("render")) out(json(c.root().unwrapped()) + "\n");
                else { StringBuilder sb = new StringBuilder(); for (String q : stdin()) if (!q.isBlank() && !q.startsWith("#")) sb.append(query(c, q)).append('\n'); out(sb.toString()); }
            } catch (ConfigException | StackOverflowError e) {
                String f = file(e);
                System.err.println((f == null ? a[2] : f) + ":" + Math.max(0, line(e)) + ": " + kind(e) + ": " + String.valueOf(e.getMessage()).replace("\n", " "));
                System.exit(2);
            }
            break;
        }
        case "batch":
            for (String l : stdin()) {
                if (l.isBlank()) continue;
                String[] p = l.split("\t");
                String r = p.length == 2 ? render(p[0]) + "\n" : queries(p[0], Files.readAllLines(Paths.get(p[1])));
                Files.write(Paths.get(p[p.length - 1]), r.getBytes(StandardCharsets.UTF_8));
            }
            break;
        case "serve": {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            java.util.concurrent.ExecutorService pool = java.util.concurrent.Executors.newCachedThreadPool(r -> { Thread t = new Thread(null, r, "serve", 8 << 20); t.setDaemon(true); return t; });
            for (String l; (l = in.readLine()) != null; ) {
                final String q = l;
                try { out(pool.submit(() -> serve(q)).get(20, TimeUnit.SECONDS) + "\n"); }
                catch (Exception e) { out("{\"error\":\"crash\"}\n"); }      // it takes for ever
            }
            break;
        }
        case "stack":
            try { out(json(stack(a, 1).root().unwrapped()) + "\n"); } catch (ConfigException e) { out(error(e, null) + "\n"); }
            break;
        case "bench": { final String f = a[2]; bench(Integer.parseInt(a[1]), () -> load(f)); break; }
        case "benchstack": { final String[] fs = a; bench(Integer.parseInt(a[1]), () -> stack(fs, 2)); break; }
        default: System.err.println("see the comment in Golden.java"); System.exit(1);
        }
    }
}
