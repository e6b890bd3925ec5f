package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What callers of the original depend on and no interface says. Tests of it are named {@code cNN_...}:
 *
 * <pre>
 *  1 a new service is UP at once              15 a listener is not told what was read before
 *  2 an absent server fails no construction   16 a listener is added once
 *  3 failover file, server, snapshot          17 filters and encryption on every way
 *  4 unknown services are empty               18 compare-and-set passes the md5
 *  5 lists belong to the caller               19 pages of services are not checked
 *  6 what selecting drops                     20 one publication per object and service
 *  7 queries subscribe                        21 registrations are redone
 *  8 when a subscription calls first          22 odd names, null metadata, groups in names
 *  9 events, their order and executor         23 subscribed services have name, group, clusters
 * 10 subscriptions of clusters                24 shutting down twice, failing fast after it
 * 11 context of shared listeners              25 empty properties are unset, strange ones pass
 * 12 context class loader                     26 system properties and environment
 * 13 listeners never run beside themselves    27 many services share connection and threads
 * 14 a listener that fails is called again    28 instances are those of the API
 * </pre>
 */
class ContractsTest {
    @Test
    void eachHasATest() {
        Set<Integer> tested = Stream.of(
                        ConfigContractTest.class,
                        LocalFilesContractTest.class,
                        NamingContractTest.class,
                        ServiceContractTest.class)
                .flatMap(type -> Stream.of(type.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(method -> method.getName())
                .filter(name -> name.matches("c\\d\\d_.*"))
                .map(name -> Integer.valueOf(name.substring(1, 3)))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(IntStream.rangeClosed(1, 28).boxed().collect(Collectors.toSet()), tested);
    }
}
