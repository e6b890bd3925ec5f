package com.alibaba.nacos.common.notify;

/** An event of a kind that is rare; all of these share one publisher. */
@SuppressWarnings("serial")
public abstract class SlowEvent extends Event {
    private static final long serialVersionUID = 1L;

    /** Makes an event. */
    public SlowEvent() {}

    @Override
    public long sequence() {
        return 0;
    }
}
