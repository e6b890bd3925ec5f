package com.alibaba.nacos.common.spi;

/** A service could not be instantiated. */
public class ServiceLoaderException extends RuntimeException {
    private static final long serialVersionUID = -4133484884875183141L;

    /** The class that could not be made. */
    private final Class<?> clazz;

    /**
     * The failure of one class.
     *
     * @param clazz the class
     * @param caused why it failed
     */
    public ServiceLoaderException(Class<?> clazz, Exception caused) {
        super("can not load class `" + clazz.getName() + "`", caused);
        this.clazz = clazz;
    }

    /**
     * The class that failed.
     *
     * @return the class
     */
    public Class<?> getClazz() {
        return clazz;
    }
}
