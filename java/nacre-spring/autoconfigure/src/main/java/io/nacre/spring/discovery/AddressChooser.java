package io.nacre.spring.discovery;

import io.nacre.Status;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.commons.util.InetUtils;
import org.springframework.cloud.commons.util.InetUtilsProperties;
import org.springframework.util.StringUtils;

/** Chooses the address under which this application is registered, and says in the log why. */
class AddressChooser {
    private static final Logger LOG = LoggerFactory.getLogger(AddressChooser.class);

    private final InetUtils inetUtils;
    private final InetUtilsProperties inetProperties;

    AddressChooser(InetUtils inetUtils, InetUtilsProperties inetProperties) {
        this.inetUtils = inetUtils;
        this.inetProperties = inetProperties;
    }

    /**
     * The address.
     *
     * @param properties may name it, its interface or its kind
     * @param status tells the own end of the connection to the server
     * @return an address; IPv6 in brackets
     */
    String choose(NacreDiscoveryProperties properties, Status status) {
        if (StringUtils.hasText(properties.getIp())) {
            return properties.getIp().trim();
        }
        String kind = properties.getIpType() == null ? "" : properties.getIpType().trim();
        if (StringUtils.hasText(properties.getNetworkInterface())) {
            String name = properties.getNetworkInterface().trim();
            return said(ofInterface(name, "IPv6".equalsIgnoreCase(kind)), "of the interface " + name);
        }
        if ("IPv6".equalsIgnoreCase(kind)) {
            Optional<String> address = ipv6();
            if (address.isPresent()) {
                return said("[" + address.get() + "]", "the first global IPv6 address");
            }
            LOG.warn("there is no global IPv6 address, an IPv4 address is registered");
        } else if (!kind.isEmpty() && !"IPv4".equalsIgnoreCase(kind)) {
            throw new IllegalArgumentException(
                    "spring.cloud.nacos.discovery.ip-type is " + kind + ", it must be IPv4 or IPv6");
        }
        return ipv4(status);
    }

    private String ipv4(Status status) {
        boolean hasPreference = inetProperties.isUseOnlySiteLocalInterfaces()
                || !inetProperties.getPreferredNetworks().isEmpty()
                || !inetProperties.getIgnoredInterfaces().isEmpty();
        if (!hasPreference) {
            Optional<String> own = status.localAddress().flatMap(AddressChooser::ofSocket);
            if (own.isPresent()) {
                return said(own.get(), "the own end of the connection to the server");
            }
        }
        return said(inetUtils.findFirstNonLoopbackHostInfo().getIpAddress(), "as spring.cloud.inetutils finds it");
    }

    /** An IPv4 address that others can reach. */
    private static Optional<String> ofSocket(String address) {
        String host = address.substring(0, Math.max(0, address.lastIndexOf(':')));
        if (!host.matches("[0-9.]+")) {
            return Optional.empty();
        }
        try {
            InetAddress parsed = InetAddress.getByName(host);
            return parsed.isLoopbackAddress() || parsed.isLinkLocalAddress() ? Optional.empty() : Optional.of(host);
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    private static String ofInterface(String name, boolean wantsIpv6) {
        NetworkInterface found;
        try {
            found = NetworkInterface.getByName(name);
        } catch (SocketException e) {
            throw new IllegalArgumentException("cannot read the network interface " + name, e);
        }
        if (found == null) {
            throw new IllegalArgumentException("there is no network interface " + name);
        }
        // The loopback interface has nothing else, so there its addresses do. A link-local one means nothing elsewhere.
        List<InetAddress> addresses = Collections.list(found.getInetAddresses());
        List<InetAddress> usable = addresses.stream()
                .filter(one -> !one.isLoopbackAddress() && !one.isLinkLocalAddress())
                .toList();
        List<InetAddress> candidates = usable.isEmpty() ? addresses : usable;
        Optional<InetAddress> v4 = candidates.stream().filter(Inet4Address.class::isInstance).findFirst();
        Optional<InetAddress> v6 = candidates.stream().filter(Inet6Address.class::isInstance).findFirst();
        InetAddress chosen = (wantsIpv6 ? v6.or(() -> v4) : v4.or(() -> v6))
                .orElseThrow(() -> new IllegalArgumentException("the network interface " + name + " has no address"));
        return chosen instanceof Inet6Address ? "[" + plain(chosen) + "]" : chosen.getHostAddress();
    }

    /** The first global IPv6 address of this machine, without brackets. */
    static Optional<String> ipv6() {
        try {
            for (NetworkInterface network : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                if (!network.isUp() || network.isLoopback()) {
                    continue;
                }
                for (InetAddress address : Collections.list(network.getInetAddresses())) {
                    if (address instanceof Inet6Address && isGlobal(address)) {
                        return Optional.of(plain(address));
                    }
                }
            }
        } catch (SocketException e) {
            LOG.debug("cannot list the network interfaces", e);
        }
        return Optional.empty();
    }

    private static boolean isGlobal(InetAddress address) {
        boolean isUniqueLocal = (address.getAddress()[0] & 0xfe) == 0xfc;
        return !address.isLoopbackAddress()
                && !address.isLinkLocalAddress()
                && !address.isAnyLocalAddress()
                && !address.isSiteLocalAddress()
                && !isUniqueLocal;
    }

    /** Without the name of the interface. */
    private static String plain(InetAddress address) {
        String text = address.getHostAddress();
        int scope = text.indexOf('%');
        return scope < 0 ? text : text.substring(0, scope);
    }

    private static String said(String address, String why) {
        LOG.info("the address to register is {}, {}", address, why);
        return address;
    }
}
