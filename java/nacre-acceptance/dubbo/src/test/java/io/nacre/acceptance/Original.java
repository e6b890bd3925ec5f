package io.nacre.acceptance;

import com.alibaba.nacos.api.NacosFactory;

/** Which client the tests run with: ours, or with the profile {@code original} the original. */
final class Original {
    private Original() {}

    static boolean isThere() {
        String file = "com/alibaba/nacos/common/remote/client/RpcClient.class";
        return NacosFactory.class.getClassLoader().getResource(file) != null;
    }

    static boolean isExpected() {
        return Boolean.getBoolean("acceptance.original");
    }
}
