package io.nacre.spring.config;

import java.io.IOException;
import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.xml.sax.ErrorHandler;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/**
 * Makes properties of XML: the names of the elements from the root on, with dots; attributes and texts are values. What
 * a document type could pull in from elsewhere is refused.
 */
final class XmlContent {
    private XmlContent() {}

    static Map<String, Object> parse(String content) throws SAXException, IOException, ParserConfigurationException {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        factory.setExpandEntityReferences(false);
        factory.setXIncludeAware(false);
        DocumentBuilder builder = factory.newDocumentBuilder();
        builder.setErrorHandler(new Thrower());
        Map<String, Object> properties = new LinkedHashMap<>();
        Element root = builder.parse(new InputSource(new StringReader(content))).getDocumentElement();
        element(root.getNodeName(), root, properties);
        return properties;
    }

    private static void element(String path, Element element, Map<String, Object> properties) {
        NamedNodeMap attributes = element.getAttributes();
        for (int i = 0; i < attributes.getLength(); i++) {
            Node attribute = attributes.item(i);
            properties.put(path + "." + attribute.getNodeName(), attribute.getNodeValue().trim());
        }
        StringBuilder text = new StringBuilder();
        for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element inner) {
                element(path + "." + inner.getNodeName(), inner, properties);
            } else if (child.getNodeType() == Node.TEXT_NODE || child.getNodeType() == Node.CDATA_SECTION_NODE) {
                text.append(child.getNodeValue());
            }
        }
        if (!text.toString().isBlank()) {
            properties.put(path, text.toString().trim());
        }
    }

    /** The default one prints. */
    private static final class Thrower implements ErrorHandler {
        @Override
        public void warning(SAXParseException e) {
            // It is read all the same.
        }

        @Override
        public void error(SAXParseException e) throws SAXException {
            throw e;
        }

        @Override
        public void fatalError(SAXParseException e) throws SAXException {
            throw e;
        }
    }
}
