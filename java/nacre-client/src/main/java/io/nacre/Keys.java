package io.nacre;

/** Access key and secret key, with which requests are signed. */
public final class Keys {
    String accessKey;
    String secretKey;
    String securityToken;
    String region;

    private Keys(String accessKey, String secretKey) {
        this.accessKey = accessKey;
        this.secretKey = secretKey;
    }

    /**
     * Permanent keys.
     *
     * @param accessKey names the account
     * @param secretKey signs
     * @return the keys
     */
    public static Keys of(String accessKey, String secretKey) {
        return new Keys(Names.present(accessKey, "accessKey"), Names.present(secretKey, "secretKey"));
    }

    /**
     * Token of temporary keys.
     *
     * @param securityToken default none
     * @return this
     */
    public Keys securityToken(String securityToken) {
        this.securityToken = securityToken;
        return this;
    }

    /**
     * Signs with a key derived for this region (signature version 4).
     *
     * @param region default none, the key itself signs
     * @return this
     */
    public Keys region(String region) {
        this.region = region;
        return this;
    }
}
