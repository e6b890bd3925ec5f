package io.nacre;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/** A version of a config for some clients only. */
public final class Gray {
    /** Null for a tag. */
    final List<String> ips;

    final String tag;

    private Gray(List<String> ips, String tag) {
        this.ips = ips;
        this.tag = tag;
    }

    /**
     * For clients with one of these addresses; there is one such version of a config. To remove it, the addresses are
     * not looked at.
     *
     * @param ips the addresses
     * @return the version
     */
    public static Gray beta(Collection<String> ips) {
        List<String> copy = new ArrayList<>(Names.present(ips, "ips"));
        copy.forEach(ip -> Names.present(ip, "ip"));
        return new Gray(Collections.unmodifiableList(copy), null);
    }

    /**
     * For clients with one of these addresses.
     *
     * @param ips the addresses
     * @return the version
     */
    public static Gray beta(String... ips) {
        return beta(Arrays.asList(Names.present(ips, "ips")));
    }

    /**
     * For clients with this tag. A client has it by the application label {@code Vipserver-Tag}.
     *
     * @param tag letters, digits and {@code _ - . :}, at most 16
     * @return the version
     */
    public static Gray tag(String tag) {
        return new Gray(null, Names.present(tag, "tag"));
    }

    void check(boolean publish) {
        if (ips == null) {
            if (tag.isEmpty()) {
                throw new InvalidParameterException("the tag is blank");
            }
            if (!tag.chars().allMatch(c -> Names.isAlphanumeric(c) || "_-.:".indexOf(c) >= 0)) {
                throw new InvalidParameterException(500, "invalid tag : " + tag);
            }
            if (tag.length() > 16) {
                throw new InvalidParameterException(500, "too long tag, over 16");
            }
        } else if (publish) {
            if (ips.isEmpty()) {
                // The server would take it for the config itself.
                throw new InvalidParameterException("no address for the beta version");
            }
            for (String ip : ips) {
                if (ip.trim().isEmpty() || ip.indexOf(',') >= 0) {
                    throw new InvalidParameterException("not an address: " + ip);
                }
            }
        }
    }
}
