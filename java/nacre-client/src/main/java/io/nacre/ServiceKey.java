package io.nacre;

/** A service within a namespace. A value of this class is legal: what a server would refuse cannot be made. */
public final class ServiceKey implements Comparable<ServiceKey> {
    private final String group;
    private final String name;
    private final int hash;

    private ServiceKey(String group, String name) {
        this.group = group;
        this.name = name;
        this.hash = 31 * group.hashCode() + name.hashCode();
    }

    /**
     * A service of the group {@code DEFAULT_GROUP}, or of the group that the name brings ({@code group@@name}).
     *
     * @param name at most 512 characters, no leading {@code @}, no blanks
     * @return the key
     * @throws IllegalArgumentException when the name is not legal
     */
    public static ServiceKey of(String name) {
        return of("", name);
    }

    /**
     * A service of a group.
     *
     * @param group at most 128 of {@code A-Z a-z 0-9 _ : . -}; blank is {@code DEFAULT_GROUP}
     * @param name at most 512 characters, no leading {@code @}, no blanks; of the form {@code group@@name} it must name
     *     the same group, or the group must be blank
     * @return the key
     * @throws IllegalArgumentException when one of them is not legal
     */
    public static ServiceKey of(String group, String name) {
        Names.present(group, "group");
        Names.present(name, "service name");
        String prefix = group;
        String rest = name;
        int separator = name.indexOf("@@");
        if (separator >= 0) {
            prefix = name.substring(0, separator);
            rest = name.substring(separator + 2);
            if (!group.trim().isEmpty() && !group.trim().equals(prefix)) {
                throw new InvalidParameterException("the service name is of group " + prefix + ", not of " + group);
            }
        }
        return new ServiceKey(Names.group(prefix), Names.service(rest));
    }

    /** A key that the engine gave, which checked it. */
    static ServiceKey trusted(String group, String name) {
        return new ServiceKey(group, name);
    }

    /**
     * The group.
     *
     * @return its name
     */
    public String group() {
        return group;
    }

    /**
     * The name without its group.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * {@code group@@name}, as servers write it.
     *
     * @return the grouped name
     */
    public String grouped() {
        return group + "@@" + name;
    }

    @Override
    public int compareTo(ServiceKey other) {
        int byGroup = group.compareTo(other.group);
        return byGroup != 0 ? byGroup : name.compareTo(other.name);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ServiceKey
                && ((ServiceKey) other).group.equals(group)
                && ((ServiceKey) other).name.equals(name);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return grouped();
    }
}
