package com.alibaba.nacos.client.ai;

import com.alibaba.nacos.api.ai.AiService;
import com.alibaba.nacos.api.ai.listener.AbstractNacosAgentCardListener;
import com.alibaba.nacos.api.ai.listener.AbstractNacosMcpServerListener;
import com.alibaba.nacos.api.ai.model.a2a.AgentCard;
import com.alibaba.nacos.api.ai.model.a2a.AgentCardDetailInfo;
import com.alibaba.nacos.api.ai.model.a2a.AgentEndpoint;
import com.alibaba.nacos.api.ai.model.mcp.McpEndpointSpec;
import com.alibaba.nacos.api.ai.model.mcp.McpServerBasicInfo;
import com.alibaba.nacos.api.ai.model.mcp.McpServerDetailInfo;
import com.alibaba.nacos.api.ai.model.mcp.McpToolSpecification;
import com.alibaba.nacos.api.exception.NacosException;
import java.util.Properties;

/** The AI service that {@code AiFactory} loads by this name. The engine does not have it: every operation is a 501. */
public class NacosAiService implements AiService {
    /**
     * Makes a service that refuses everything.
     *
     * @param properties not looked at
     * @throws NacosException never; the factory expects it
     */
    public NacosAiService(Properties properties) throws NacosException {}

    private static NacosException unsupported() {
        return new NacosException(NacosException.SERVER_NOT_IMPLEMENTED, "this client has no AI service");
    }

    @Override
    public McpServerDetailInfo getMcpServer(String mcpName, String version) throws NacosException {
        throw unsupported();
    }

    @Override
    public String releaseMcpServer(
            McpServerBasicInfo serverSpecification,
            McpToolSpecification toolSpecification,
            McpEndpointSpec endpointSpecification)
            throws NacosException {
        throw unsupported();
    }

    @Override
    public void registerMcpServerEndpoint(String mcpName, String address, int port, String version)
            throws NacosException {
        throw unsupported();
    }

    @Override
    public void deregisterMcpServerEndpoint(String mcpName, String address, int port) throws NacosException {
        throw unsupported();
    }

    @Override
    public McpServerDetailInfo subscribeMcpServer(
            String mcpName, String version, AbstractNacosMcpServerListener mcpServerListener) throws NacosException {
        throw unsupported();
    }

    @Override
    public void unsubscribeMcpServer(String mcpName, String version, AbstractNacosMcpServerListener mcpServerListener)
            throws NacosException {
        throw unsupported();
    }

    @Override
    public AgentCardDetailInfo getAgentCard(String agentName, String version, String registrationType)
            throws NacosException {
        throw unsupported();
    }

    @Override
    public void releaseAgentCard(AgentCard agentCard, String registrationType, boolean setAsLatest)
            throws NacosException {
        throw unsupported();
    }

    @Override
    public void registerAgentEndpoint(String agentName, AgentEndpoint endpoint) throws NacosException {
        throw unsupported();
    }

    @Override
    public void deregisterAgentEndpoint(String agentName, AgentEndpoint endpoint) throws NacosException {
        throw unsupported();
    }

    @Override
    public AgentCardDetailInfo subscribeAgentCard(
            String agentName, String version, AbstractNacosAgentCardListener agentCardListener) throws NacosException {
        throw unsupported();
    }

    @Override
    public void unsubscribeAgentCard(String agentName, String version, AbstractNacosAgentCardListener agentCardListener)
            throws NacosException {
        throw unsupported();
    }

    @Override
    public void shutdown() throws NacosException {
        // Nothing was opened.
    }
}
