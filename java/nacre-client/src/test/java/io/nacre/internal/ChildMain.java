package io.nacre.internal;

import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;

/** What child processes of the tests run; the first argument says what. */
public final class ChildMain {
    private ChildMain() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "exit":
                // Left open, with a subscription and a call that waits.
                NativeClient left = NativeClient.open(Fixture.options(arguments[1], 0));
                left.subscribe(Op.WATCH, Fixture.service("s"), event -> {});
                left.submit(Op.READY, Fixture.ready(), 0, reader -> null);
                break;
            case "load":
                try {
                    NativeLoader.load();
                    System.out.println("loaded " + Native.version());
                } catch (UnsatisfiedLinkError error) {
                    System.out.println(error.getMessage());
                    String first = error.getMessage();
                    try {
                        NativeLoader.load();
                        System.out.println("loaded the second time");
                    } catch (UnsatisfiedLinkError again) {
                        System.out.println(first.equals(again.getMessage()) ? "told again" : "another message");
                    }
                }
                break;
            case "loaders":
                twoLoaders(arguments[1]);
                break;
            case "open":
                open(arguments[1]);
                break;
            default:
                throw new IllegalArgumentException(arguments[0]);
        }
    }

    /** Called in each class loader: its own copy of the library, used and closed. */
    public static void open(String address) throws Exception {
        NativeClient client = NativeClient.open(Fixture.options(address, 0));
        System.out.println("servers " + client.call(Op.SERVERS, new byte[0]).strings());
        Fixture.close(client);
        System.out.println("closed");
    }

    private static void twoLoaders(String address) throws Exception {
        List<URL> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
            path.add(new java.io.File(entry).toURI().toURL());
        }
        URL[] urls = path.toArray(new URL[0]);
        ClassLoader parent = ClassLoader.getSystemClassLoader().getParent();
        try (URLClassLoader one = new URLClassLoader(urls, parent);
                URLClassLoader other = new URLClassLoader(urls, parent)) {
            Class<?> first = one.loadClass(ChildMain.class.getName());
            Class<?> second = other.loadClass(ChildMain.class.getName());
            if (first == second) {
                throw new IllegalStateException("one class loader");
            }
            Method open = first.getMethod("open", String.class);
            open.invoke(null, address);
            second.getMethod("open", String.class).invoke(null, address);
            // Both are loaded now; the first still works.
            open.invoke(null, address);
        }
    }
}
