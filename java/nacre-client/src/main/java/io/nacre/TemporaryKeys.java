package io.nacre;

import java.time.Duration;

/**
 * Keys of a role, which a metadata service hands out and which end after a while. It answers a GET with JSON: {@code
 * Code} ({@code Success}), {@code AccessKeyId}, {@code AccessKeySecret}, {@code SecurityToken}, {@code Expiration} (as
 * in RFC 3339).
 */
public final class TemporaryKeys {
    String url;
    Duration refreshBeforeEnd = Duration.ofMinutes(3);
    boolean keep = true;
    String region;

    private TemporaryKeys(String url) {
        this.url = url;
    }

    /**
     * Keys at this URL.
     *
     * @param url with scheme
     * @return the keys
     */
    public static TemporaryKeys at(String url) {
        return new TemporaryKeys(Names.present(url, "url"));
    }

    /**
     * Keys of the role that was given to this cloud instance.
     *
     * @param role its name
     * @return the keys
     */
    public static TemporaryKeys ofRole(String role) {
        return at("http://100.100.100.200/latest/meta-data/ram/security-credentials/" + Names.present(role, "role"));
    }

    /**
     * Remaining life at which new keys are fetched.
     *
     * @param refreshBeforeEnd default 3 min
     * @return this
     */
    public TemporaryKeys refreshBeforeEnd(Duration refreshBeforeEnd) {
        this.refreshBeforeEnd = Options.positive(refreshBeforeEnd, "refreshBeforeEnd");
        return this;
    }

    /**
     * Whether the keys are kept until then.
     *
     * @param keep default true; false fetches them for each request
     * @return this
     */
    public TemporaryKeys keep(boolean keep) {
        this.keep = keep;
        return this;
    }

    /**
     * Signs with a key derived for this region.
     *
     * @param region default none, the key itself signs
     * @return this
     */
    public TemporaryKeys region(String region) {
        this.region = region;
        return this;
    }
}
